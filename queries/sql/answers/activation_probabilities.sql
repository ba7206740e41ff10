-- Activation probabilities: how often a neuron is active in the frames of a phone, group by group.
--
-- p(j given k, group) is the share of the frames of phone k in the group that activate neuron j. Only neurons that
-- are active at all have a row.
-- Grain: (model, layer, property, group, phone, neuron).
-- Paper: [A] §3.2, eq. 3.
-- Types: model VARCHAR, layer INTEGER, property VARCHAR, group VARCHAR, phone VARCHAR, neuron INTEGER,
--   n_active BIGINT, n_frames BIGINT, p DOUBLE, p_low DOUBLE, p_high DOUBLE
-- Columns:
--   model: name of the model
--   layer: layer, from 1
--   property: name of the property
--   group: group of the property
--   phone: phone k
--   neuron: neuron j of the layer, from 0
--   n_active: frames of the phone in the group that activate the neuron
--   n_frames: frames of the phone in the group
--   p: n_active / n_frames
--   p_low: Wilson lower bound of p at p_z, or at z = 1.96
--   p_high: Wilson upper bound of p at p_z, or at z = 1.96
SELECT
    model,
    layer,
    property,
    "group",
    phone,
    neuron,
    n_active,
    n_frames,
    n_active / n_frames AS p,
    wilson_bound(n_active, n_frames, -coalesce(CAST(p_z AS DOUBLE), 1.96)) AS p_low,
    wilson_bound(n_active, n_frames, coalesce(CAST(p_z AS DOUBLE), 1.96)) AS p_high
FROM neuron_counts(
    p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer,
    p_frames := p_frames, p_lambda := p_lambda, p_min_frames := p_min_frames, p_where := p_where
)
UNION ALL BY NAME
FROM checked_parameters(
    p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer, p_frames := p_frames,
    p_lambda := p_lambda, p_sigma := p_sigma, p_baseline := p_baseline, p_min_frames := p_min_frames, p_z := p_z
)
