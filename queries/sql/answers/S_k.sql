-- S_k: another name of activation_patterns, as in the paper.
-- Grain: (model, layer, property, group, phone, neuron).
-- Paper: [A] §3.2, eq. 3.
-- Types: model VARCHAR, layer INTEGER, property VARCHAR, group VARCHAR, phone VARCHAR, neuron INTEGER,
--   n_active BIGINT, n_frames BIGINT, p DOUBLE, p_low DOUBLE, p_high DOUBLE
FROM activation_patterns(
    p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer, p_frames := p_frames,
    p_lambda := p_lambda, p_sigma := p_sigma, p_baseline := p_baseline, p_min_frames := p_min_frames,
    p_z := p_z, p_where := p_where
)
