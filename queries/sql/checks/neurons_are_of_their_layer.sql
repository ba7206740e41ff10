-- Every recorded neuron is one of its layer's: at least 0 and below the layer's width.
-- Grain: (model, layer) with another.
-- Columns:
--   model: name of the model
--   layer: layer
--   lowest: lowest neuron recorded
--   highest: highest neuron recorded
--   n_neurons: width of the layer; NULL where the model has no such layer
WITH spans AS (
    SELECT model, layer, min(neuron) AS lowest, max(neuron) AS highest
    FROM activations
    GROUP BY model, layer
)
SELECT s.model, s.layer, s.lowest, s.highest, l.n_neurons
FROM spans AS s
LEFT JOIN layers AS l ON s.model = l.model AND s.layer = l.layer
WHERE l.n_neurons IS NULL OR s.lowest < 0 OR s.highest >= l.n_neurons
