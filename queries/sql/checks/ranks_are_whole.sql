-- A frame's ranks in a layer are 0 to k-1, each once, and so are its neurons: k different ones.
--
-- Asked layer by layer.
-- Grain: (model, layer, frame_id) for which this is not so.
-- Columns:
--   model: name of the model
--   layer: layer
--   frame_id: frame
--   n_rows: rows that the frame has
--   n_ranks: different ranks from 0 to k-1 among them
--   n_neurons: different neurons of the layer among them
--   top_k: k
SELECT * FROM (
-- for each layer
SELECT
    $model AS model,
    $layer AS layer,
    frame_id,
    count(*) AS n_rows,
    bit_count(bitstring_agg("rank", 0, $top_k - 1) FILTER (WHERE "rank" BETWEEN 0 AND $top_k - 1)) AS n_ranks,
    bit_count(bitstring_agg(neuron, 0, $n_neurons - 1) FILTER (WHERE neuron BETWEEN 0 AND $n_neurons - 1)) AS n_neurons,
    $top_k AS top_k
FROM activations
WHERE model = $model AND layer = $layer
GROUP BY frame_id
HAVING n_rows <> $top_k OR n_ranks IS DISTINCT FROM $top_k OR n_neurons IS DISTINCT FROM $top_k
-- end
)
