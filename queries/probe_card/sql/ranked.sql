-- How many features a layer has, or all layers together, and how many of them a ranking names.
SELECT
    count(*) FILTER ("class" IS NULL) AS n_features,
    count(*) FILTER ("class" IS NOT DISTINCT FROM $class) AS n_ranked
FROM probe_rankings
WHERE probe = $probe AND of_layer IS NOT DISTINCT FROM $layer AND seed IS NULL
