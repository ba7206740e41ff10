-- Group neurons G_i: the neurons that respond to one group of a property alone.
--
-- G_i = N_i without the N_j of every other group j.
-- Grain: (model, layer, property, group, neuron).
-- Paper: [A] §4.1, eq. 4.
-- Types: model VARCHAR, layer INTEGER, property VARCHAR, group VARCHAR, neuron INTEGER
-- Columns:
--   model: name of the model
--   layer: layer, from 1
--   property: name of the property
--   group: group i of the property
--   neuron: neuron of the layer, from 0
SELECT model, layer, property, any_value("group") AS "group", neuron
FROM group_candidates(
    p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer, p_frames := p_frames,
    p_lambda := p_lambda, p_sigma := p_sigma, p_baseline := p_baseline, p_min_frames := p_min_frames,
    p_z := p_z, p_where := p_where
)
GROUP BY model, layer, property, neuron
HAVING count(*) = 1
