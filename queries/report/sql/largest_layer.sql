-- The layers by how many neurons of the property they have.
SELECT model, layer, count(*) AS neurons
FROM $property_neurons
GROUP BY ALL
ORDER BY neurons DESC, layer
