-- Property neurons P: the neurons that respond to one group of a property, whichever it is.
--
-- P is the union of the group neurons G_i, which have no neuron in common.
-- Grain: (model, layer, property, neuron).
-- Paper: [A] §4.1, eq. 5.
-- Types: model VARCHAR, layer INTEGER, property VARCHAR, neuron INTEGER
-- Columns:
--   model: name of the model
--   layer: layer, from 1
--   property: name of the property
--   neuron: neuron of the layer, from 0
SELECT model, layer, property, neuron
FROM group_neurons(
    p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer, p_frames := p_frames,
    p_lambda := p_lambda, p_sigma := p_sigma, p_baseline := p_baseline, p_min_frames := p_min_frames,
    p_z := p_z, p_where := p_where
)
