-- Each reading of the frames counts some of those that the reading before it counts: n >= n_middle >= n_reference >= 0.
--
-- A cell that is counted has a frame.
-- Grain: (table, model, corpus, layer, property, group, phone, neuron) for which this is not so.
-- Columns:
--   counts: activation_counts or frame_counts
--   model: name of the model
--   corpus: name of the corpus
--   layer: layer; NULL for frames
--   property: name of the property
--   group: group of the property
--   phone: phone
--   neuron: neuron; NULL for frames
--   n: frames
--   n_middle: middle frames
--   n_reference: middle frames outside the last run
SELECT
    'activation_counts' AS counts, model, corpus, layer, property, "group", phone, neuron, n, n_middle, n_reference
FROM activation_counts
WHERE NOT (n > 0 AND n >= n_middle AND n_middle >= n_reference AND n_reference >= 0)
UNION ALL
SELECT 'frame_counts', model, corpus, NULL, property, "group", phone, NULL, n, n_middle, n_reference
FROM frame_counts
WHERE NOT coalesce(n > 0 AND n >= n_middle AND n_middle >= n_reference AND n_reference >= 0, false)
