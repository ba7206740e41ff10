-- Layers: the modules that were read.
-- Columns:
--   layer: from 1, as in the paper
--   block: Transformer block, from 1
--   site: which feed-forward network of the block
--   n_neurons: width D
--   top_k: neurons that a frame activates
--   chance: k/D, the probability with which a frame activates a neuron by chance
--   hop_ms: distance between two frames, ms; 0 = one frame an utterance
--   offset_ms: centre of frame 0, ms
--   in_module: path of the first linear
--   out_module: path of the second linear, whose input was recorded
SELECT
    model, layer, block, site, n_neurons, top_k, top_k / n_neurons AS chance,
    hop_us / 1000 AS hop_ms, offset_us / 1000 AS offset_ms, in_module, out_module
FROM layers AS m
WHERE $of_models
ORDER BY model, layer
