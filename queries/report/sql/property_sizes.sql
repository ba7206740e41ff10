-- Property neurons of each layer.
-- Columns:
--   neurons: neurons that respond to one group of the property alone, whichever it is
--   of_neurons: neurons that the layer has
--   share: neurons / of_neurons
SELECT
    m.model,
    names.property,
    m.layer,
    coalesce(p.neurons, 0) AS neurons,
    m.n_neurons AS of_neurons,
    coalesce(p.neurons, 0) / m.n_neurons AS share
FROM layers AS m
CROSS JOIN (SELECT property FROM properties WHERE $of_properties) AS names
LEFT JOIN (SELECT model, layer, property, count(*) AS neurons FROM $property_neurons GROUP BY ALL) AS p
    ON m.model = p.model AND m.layer = p.layer AND names.property = p.property
WHERE $of_models
ORDER BY m.model, names.property, m.layer
