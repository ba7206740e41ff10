-- Errors of probes group by group: whether a linear probe is as good for some speakers as for others.
--
-- Groups are the values of the columns by which the probe was asked to tell rows apart, such as gender. Means and sample
-- standard deviations are over the seeds whose test part has rows of the group.
-- Grain: (probe, layer, by_column, group).
-- Paper: [B] §3.
-- Needs: probe_runs
-- Types: probe VARCHAR, label VARCHAR, model VARCHAR, kind VARCHAR, layer INTEGER, by_column VARCHAR, group VARCHAR,
--   error DOUBLE, error_sd DOUBLE, majority_error DOUBLE, error_of_all DOUBLE, difference DOUBLE, n DOUBLE,
--   n_seeds BIGINT
-- Parameters: p_probe, p_label, p_model, p_kind
-- Columns:
--   probe: identifier of the probe
--   label: name of the label that it predicts
--   model: name of the model
--   kind: ffn or block: what its features are
--   layer: layer that was probed, from 1; NULL = all layers concatenated
--   by_column: column that the rows were told apart by
--   group: its value; '?' = it has none
--   error: mean share of the group's rows that are told wrong
--   error_sd: its standard deviation
--   majority_error: the same of the largest class of the training part
--   error_of_all: the same of all rows
--   difference: error less error_of_all
--   n: rows of the group in the test part, on average
--   n_seeds: seeds
WITH means AS MATERIALIZED (
    SELECT *
    FROM mean_scores(p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind)
    WHERE
        architecture IN ('linear', 'majority')
        AND neurons = 'all'
        AND treatment = 'trained'
        AND labels = 'true'
        AND source = 'model'
        AND measure = 'accuracy'
)
SELECT
    g.probe,
    g.label,
    g.model,
    g.kind,
    g.layer,
    g.by_column,
    g."group",
    round(1 - g.value, 12) AS error,
    g.sd AS error_sd,
    round(1 - m.value, 12) AS majority_error,
    round(1 - w.value, 12) AS error_of_all,
    round(w.value - g.value, 12) AS difference,
    g.n,
    g.n_seeds
FROM means AS g
LEFT JOIN means AS w
    ON
        g.probe = w.probe AND g.layer IS NOT DISTINCT FROM w.layer AND w.architecture = 'linear' AND w.by_column IS NULL
LEFT JOIN means AS m ON g.probe = m.probe AND g.by_column = m.by_column AND g."group" = m."group" AND m.architecture = 'majority'
WHERE g.architecture = 'linear' AND g.by_column IS NOT NULL
UNION ALL BY NAME
FROM checked_probes(p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind)
