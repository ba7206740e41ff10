-- The features of probes in the order of their rankings, each with whether it is in the minimal set.
--
-- The ranking is the probe's, by the weights averaged over the seeds.
-- Grain: (probe, of_layer, choice, layer, neuron, statistic).
-- Paper: [B] §3, algorithm 1.
-- Needs: probe_runs
-- Types: probe VARCHAR, label VARCHAR, model VARCHAR, kind VARCHAR, of_layer INTEGER, choice VARCHAR, n_all INTEGER,
--   layer INTEGER, neuron INTEGER, statistic VARCHAR, rank INTEGER, is_chosen BOOLEAN
-- Parameters: p_probe, p_label, p_model, p_kind, p_delta
WITH sets AS (
    SELECT
        probe,
        label,
        model,
        kind,
        layer AS of_layer,
        n_features AS n_all,
        unnest([{'choice': 'paper', 'n': paper_n}, {'choice': 'smallest', 'n': smallest_n}], recursive := true)
    FROM minimal_sets(p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind, p_delta := p_delta)
)
SELECT
    s.probe,
    s.label,
    s.model,
    s.kind,
    s.of_layer,
    s.choice,
    s.n_all,
    CAST(r.layer AS INTEGER) AS layer,
    r.neuron,
    r.statistic,
    r."rank",
    r."rank" <= s.n AS is_chosen
FROM probe_rankings AS r
INNER JOIN sets AS s ON r.probe = s.probe AND r.of_layer IS NOT DISTINCT FROM s.of_layer
WHERE r."class" IS NULL AND r.seed IS NULL
