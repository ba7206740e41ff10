-- Neurons that are in the smallest minimal sets of several labels, those of most labels first.
-- Columns:
--   labels: labels whose minimal sets the neuron is in
--   n_labels: how many they are
SELECT
    model,
    kind,
    layer,
    neuron,
    list_sort(list(DISTINCT label)) AS labels,
    count(DISTINCT label) AS n_labels
FROM minimal_set_neurons
WHERE probe IN ($probes) AND choice = 'smallest' AND of_layer IS NULL
GROUP BY model, kind, layer, neuron
HAVING count(DISTINCT label) > 1
ORDER BY model, kind, n_labels DESC, layer, neuron
