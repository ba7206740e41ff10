-- The scores of probes over their seeds: mean, standard deviation, and how many seeds have one.
--
-- Means are rounded to 12 decimals, so that noise decides no comparison. Of one seed there is no standard deviation.
-- Grain: (probe, source, layer, architecture, labels, neurons, treatment, share, by_column, group, measure).
-- Paper: [B] §3.
-- Needs: probe_runs
-- Types: probe VARCHAR, label VARCHAR, model VARCHAR, kind VARCHAR, source VARCHAR, layer INTEGER,
--   architecture VARCHAR, labels VARCHAR, neurons VARCHAR, treatment VARCHAR, share DOUBLE, by_column VARCHAR,
--   group VARCHAR, measure VARCHAR, value DOUBLE, sd DOUBLE, n_features INTEGER, n_seeds BIGINT, n DOUBLE
-- Parameters: p_probe, p_label, p_model, p_kind
SELECT
    r.probe,
    r.label,
    r.model,
    r.kind,
    s.source,
    CAST(s.layer AS INTEGER) AS layer,
    s.architecture,
    s.labels,
    s.neurons,
    s.treatment,
    s.share,
    s.by_column,
    s."group",
    s.measure,
    round(avg(s.value), 12) AS value,
    stddev_samp(s.value) AS sd,
    max(s.n_features) AS n_features,
    count(s.value) AS n_seeds,
    avg(s.n) AS n
FROM probe_scores AS s
INNER JOIN asked_probes(p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind) AS r
    ON s.probe = r.probe
GROUP BY ALL
