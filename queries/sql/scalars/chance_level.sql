-- The probability k/D with which a frame activates a neuron of a layer by chance: the default baseline.
-- Paper: [A] §3.2, as the authors' code computes it (31/3072, not 0.01).
-- Parameters: p_of_model, p_of_layer, p_lambda
top_k(p_lambda, layer_width(p_of_model, p_of_layer), layer_top_k(p_of_model, p_of_layer))
/ layer_width(p_of_model, p_of_layer)
