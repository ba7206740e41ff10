-- Overlap of labels: the features that the minimal sets of two probes have in common.
--
-- Compared are probes of the same model, kind and statistics, of all layers or of the same layer; of all layers only
-- where these are the same ones. p_probe and p_label keep the pairs that they are in.
-- Grain: (probe_a, probe_b, of_layer), a before b by label, then by identifier.
-- Paper: [B] §3.
-- Needs: probe_runs
-- Types: probe_a VARCHAR, probe_b VARCHAR, label_a VARCHAR, label_b VARCHAR, model VARCHAR, kind VARCHAR,
--   of_layer INTEGER, n_a BIGINT, n_b BIGINT, n_both BIGINT, jaccard DOUBLE, jaccard_by_chance DOUBLE
-- Parameters: p_probe, p_label, p_model, p_kind, p_delta, p_choice
-- Columns:
--   probe_a: identifier of one probe
--   probe_b: identifier of another one
--   label_a: label of probe_a
--   label_b: label of probe_b
--   model: name of the model of both
--   kind: ffn or block: what the features of both are
--   of_layer: layer whose features were ranked; NULL = those of all layers together
--   n_a: features of the minimal set of probe_a
--   n_b: features of the minimal set of probe_b
--   n_both: features that are in both
--   jaccard: n_both over the features that are in one of them or both
--   jaccard_by_chance: the same where the two share what sets drawn by lot do, n_a n_b / D
WITH features AS MATERIALIZED (
    SELECT f.*, r.statistics
    FROM ranked_features(p_model := p_model, p_kind := p_kind, p_delta := p_delta) AS f
    INNER JOIN asked_probes(p_model := p_model, p_kind := p_kind) AS r ON f.probe = r.probe
    WHERE f.choice = p_choice
),
members AS (FROM features WHERE is_chosen),
sizes AS (
    SELECT
        probe,
        label,
        model,
        kind,
        statistics,
        of_layer,
        n_all,
        count(*) FILTER (is_chosen) AS n,
        list(DISTINCT layer ORDER BY layer) AS layers
    FROM features
    GROUP BY probe, label, model, kind, statistics, of_layer, n_all
),
shared AS (
    SELECT a.probe AS probe_a, b.probe AS probe_b, a.of_layer, count(*) AS n
    FROM members AS a
    INNER JOIN members AS b
        ON
            a.model = b.model AND a.kind = b.kind AND a.of_layer IS NOT DISTINCT FROM b.of_layer
            AND a.layer = b.layer AND a.neuron = b.neuron AND a.statistic = b.statistic AND a.probe <> b.probe
    GROUP BY ALL
)
SELECT
    a.probe AS probe_a,
    b.probe AS probe_b,
    a.label AS label_a,
    b.label AS label_b,
    a.model,
    a.kind,
    a.of_layer,
    a.n AS n_a,
    b.n AS n_b,
    coalesce(s.n, 0) AS n_both,
    coalesce(s.n, 0) / (a.n + b.n - coalesce(s.n, 0)) AS jaccard,
    a.n * b.n / a.n_all / (a.n + b.n - a.n * b.n / a.n_all) AS jaccard_by_chance
FROM sizes AS a
INNER JOIN sizes AS b
    ON
        a.model = b.model AND a.kind = b.kind AND a.statistics = b.statistics
        AND a.of_layer IS NOT DISTINCT FROM b.of_layer AND a.layers = b.layers AND a.n_all = b.n_all
        AND (a.label < b.label OR (a.label = b.label AND a.probe < b.probe))
LEFT JOIN shared AS s
    ON a.probe = s.probe_a AND b.probe = s.probe_b AND a.of_layer IS NOT DISTINCT FROM s.of_layer
WHERE
    (p_probe IS NULL OR p_probe IN (a.probe, b.probe))
    AND (p_label IS NULL OR p_label IN (a.label, b.label))
UNION ALL BY NAME
SELECT probe AS probe_a
FROM checked_probes(
    p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind, p_delta := p_delta,
    p_choice := p_choice
)
