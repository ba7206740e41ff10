-- A ranking of a probe: the features by which it tells its classes, or one of them, the most salient first.
SELECT "rank", layer, neuron, statistic, weight
FROM probe_rankings
WHERE
    probe = $probe
    AND of_layer IS NOT DISTINCT FROM $layer
    AND "class" IS NOT DISTINCT FROM $class
    AND seed IS NULL
ORDER BY "rank"
