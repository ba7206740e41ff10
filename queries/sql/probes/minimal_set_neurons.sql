-- The features of minimal sets: the first ones of a probe's ranking, as many as the set has.
--
-- A feature is the mean or the standard deviation of a neuron over an utterance or segment; the ranking is by the
-- weights averaged over the seeds.
-- Grain: (probe, of_layer, choice, layer, neuron, statistic).
-- Paper: [B] §3, algorithm 1.
-- Needs: probe_runs
-- Types: probe VARCHAR, label VARCHAR, model VARCHAR, kind VARCHAR, of_layer INTEGER, choice VARCHAR, layer INTEGER,
--   neuron INTEGER, statistic VARCHAR, rank INTEGER
-- Parameters: p_probe, p_label, p_model, p_kind, p_delta
-- Columns:
--   probe: identifier of the probe
--   label: name of the label that it predicts
--   model: name of the model
--   kind: ffn or block: what its features are
--   of_layer: layer whose features were ranked; NULL = those of all layers together
--   choice: 'paper' = the set that the paper takes, 'smallest' = the smallest one; columns of minimal_sets
--   layer: layer of the neuron, from 1
--   neuron: neuron of the layer, from 0
--   statistic: mean or std
--   rank: 1 = the most salient
SELECT probe, label, model, kind, of_layer, choice, layer, neuron, statistic, "rank"
FROM ranked_features(
    p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind, p_delta := p_delta
)
WHERE is_chosen
