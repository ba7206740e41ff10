-- Errors of speaker verification: how often the cosine of two utterances tells wrong whether one speaker said them.
--
-- The equal error rate is where as many pairs of one speaker are refused as pairs of two are accepted. 'all' is of all
-- features, 'top', 'random' and 'bottom' of a share of them with the others zeroed.
-- Grain: (probe, layer, neurons, share).
-- Paper: [B] §3.
-- Needs: probe_runs
-- Types: probe VARCHAR, label VARCHAR, model VARCHAR, kind VARCHAR, layer INTEGER, neurons VARCHAR, share DOUBLE,
--   eer DOUBLE, eer_sd DOUBLE, n_trials DOUBLE, n_seeds BIGINT
-- Parameters: p_probe, p_label, p_model, p_kind
-- Columns:
--   probe: identifier of the run
--   label: name of the label, what one and two are of
--   model: name of the model
--   kind: ffn or block: what its features are
--   layer: layer, from 1; NULL = all layers concatenated
--   neurons: features that were left: all, top, random or bottom
--   share: features that were left, percent
--   eer: equal error rate, mean over the seeds
--   eer_sd: its standard deviation
--   n_trials: pairs, on average
--   n_seeds: seeds
SELECT probe, label, model, kind, layer, neurons, share, value AS eer, sd AS eer_sd, n AS n_trials, n_seeds
FROM mean_scores(p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind)
WHERE architecture = 'cosine' AND measure = 'eer' AND source = 'model' AND labels = 'true' AND by_column IS NULL
UNION ALL BY NAME
FROM checked_probes(p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind)
