-- N_i: another name of group_candidates, as in the paper.
-- Grain: (model, layer, property, group, neuron).
-- Paper: [A] §4.1.
-- Types: model VARCHAR, layer INTEGER, property VARCHAR, group VARCHAR, neuron INTEGER, n_phones_active BIGINT,
--   n_phones BIGINT
FROM group_candidates(
    p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer, p_frames := p_frames,
    p_lambda := p_lambda, p_sigma := p_sigma, p_baseline := p_baseline, p_min_frames := p_min_frames,
    p_z := p_z, p_where := p_where
)
