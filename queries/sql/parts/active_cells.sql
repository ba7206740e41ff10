-- The cells that each neuron responds to: those in which it is active more often than the baseline says.
--
-- With p_z the Wilson lower bound, not the estimate, must exceed the baseline.
-- Grain: (model, layer, property, group, phone, neuron).
-- Paper: [A] §3.2, eq. 3.
-- Parameters: p_model, p_corpus, p_property, p_layer, p_frames, p_lambda, p_baseline, p_min_frames, p_z, p_where
SELECT model, layer, property, "group", phone, neuron, n_active, n_frames, n_active / n_frames AS p, group_id
FROM neuron_counts(
    p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer,
    p_frames := p_frames, p_lambda := p_lambda, p_min_frames := p_min_frames, p_where := p_where
)
WHERE
    responds(
        n_active, n_frames, coalesce(p_model, only_model(), model), coalesce(p_layer, layer), p_lambda, p_baseline, p_z
    )
