-- Layers: the modules that were read.
-- Columns:
--   layer: from 1, as in the paper
--   block: Transformer block, from 1
--   site: which feed-forward network of the block
--   n_neurons: width D
--   top_k: neurons that a frame activates
--   chance: k/D, the probability with which a frame activates a neuron by chance
--   in_module: path of the first linear
--   out_module: path of the second linear, whose input was recorded
SELECT model, layer, block, site, n_neurons, top_k, top_k / n_neurons AS chance, in_module, out_module
FROM layers AS m
WHERE $of_models
ORDER BY model, layer
