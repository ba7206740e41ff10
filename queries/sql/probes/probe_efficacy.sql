-- Efficacy of a probe's ranking: its accuracy when the top, random or bottom features alone are left.
--
-- The probe is the one that was trained on all features, the others are set to zero. Where a ranking is good, the top features lose little and the
-- bottom ones most. Means and sample standard deviations are over the seeds.
-- Grain: (probe, layer, neurons, share).
-- Paper: [B] §3.
-- Needs: probe_runs
-- Types: probe VARCHAR, label VARCHAR, model VARCHAR, kind VARCHAR, layer INTEGER, neurons VARCHAR, share DOUBLE,
--   n_features INTEGER, accuracy DOUBLE, accuracy_sd DOUBLE, all_neurons DOUBLE, lost DOUBLE, n_seeds BIGINT
-- Parameters: p_probe, p_label, p_model, p_kind
-- Columns:
--   probe: identifier of the probe
--   label: name of the label that it predicts
--   model: name of the model
--   kind: ffn or block: what its features are
--   layer: layer that was probed, from 1; NULL = all layers concatenated
--   neurons: features that were left: top, random or bottom
--   share: features that were left, percent
--   n_features: features that were left
--   accuracy: mean accuracy with them alone
--   accuracy_sd: its standard deviation
--   all_neurons: mean accuracy with all features
--   lost: all_neurons less accuracy
--   n_seeds: seeds
WITH means AS MATERIALIZED (
    FROM linear_accuracies(p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind)
)
SELECT
    z.probe,
    z.label,
    z.model,
    z.kind,
    z.layer,
    z.neurons,
    z.share,
    z.n_features,
    z.accuracy,
    z.accuracy_sd,
    w.accuracy AS all_neurons,
    round(w.accuracy - z.accuracy, 12) AS lost,
    z.n_seeds
FROM means AS z
LEFT JOIN means AS w
    ON z.probe = w.probe AND z.layer IS NOT DISTINCT FROM w.layer AND w.treatment = 'trained' AND w.neurons = 'all'
WHERE z.treatment = 'zeroed'
UNION ALL BY NAME
FROM checked_probes(p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind)
