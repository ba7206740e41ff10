-- Accuracies of linear probes over their seeds, by which features they were given and what was done with the others.
-- Grain: (probe, layer, treatment, neurons, share).
-- Paper: [B] §3.
-- Needs: probe_runs
-- Types: probe VARCHAR, label VARCHAR, model VARCHAR, kind VARCHAR, layer INTEGER, treatment VARCHAR,
--   neurons VARCHAR, share DOUBLE, n_features INTEGER, accuracy DOUBLE, accuracy_sd DOUBLE, n_seeds BIGINT
-- Parameters: p_probe, p_label, p_model, p_kind
SELECT
    probe,
    label,
    model,
    kind,
    layer,
    treatment,
    neurons,
    share,
    n_features,
    value AS accuracy,
    sd AS accuracy_sd,
    n_seeds
FROM mean_scores(p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind)
WHERE architecture = 'linear' AND measure = 'accuracy' AND source = 'model' AND labels = 'true' AND by_column IS NULL
