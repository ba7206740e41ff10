-- Every row of a probe is of one that the table probe_runs describes, once.
-- Grain: (probe, of_table) with rows of a probe that is not there, or there more than once.
-- Columns:
--   probe: identifier of the probe
--   of_table: table that has rows of it
--   n_runs: rows of probe_runs that describe it
WITH runs AS (SELECT probe, count(*) AS n_runs FROM probe_runs GROUP BY probe),
found AS (
    SELECT DISTINCT probe, 'probe_runs' AS of_table FROM probe_runs
    UNION ALL
    SELECT DISTINCT probe, 'probe_splits' AS of_table FROM probe_splits
    UNION ALL
    SELECT DISTINCT probe, 'probe_scores' AS of_table FROM probe_scores
    UNION ALL
    SELECT DISTINCT probe, 'probe_rankings' AS of_table FROM probe_rankings
)
SELECT f.probe, f.of_table, coalesce(r.n_runs, 0) AS n_runs
FROM found AS f
LEFT JOIN runs AS r ON f.probe = r.probe
WHERE coalesce(r.n_runs, 0) <> 1
