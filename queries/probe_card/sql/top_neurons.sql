-- The neurons of the first features of a ranking; one with two statistics among them counts once.
SELECT DISTINCT layer, neuron
FROM probe_rankings
WHERE
    probe = $probe
    AND of_layer IS NOT DISTINCT FROM $layer
    AND "class" IS NOT DISTINCT FROM $class
    AND seed IS NULL
    AND "rank" <= $n
ORDER BY layer, neuron
