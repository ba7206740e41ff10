-- Redundancy: which layers alone are as good as all, and from which share on the rest of the features adds nothing.
-- Columns:
--   layers: layers whose accuracy is at most a point below that of all layers together
--   n_layers: how many they are
--   of_layers: how many layers were probed
--   rest_from: smallest share, percent, whose top features have at least 97% of the accuracy of all
--   random_from: smallest share, percent, of which random features are at most five points below the top ones
SELECT
    probe,
    label,
    model,
    kind,
    CASE WHEN what <> 'layer' THEN layer END AS of_layer,
    list_sort(list(layer) FILTER (what = 'layer' AND redundant)) AS layers,
    count(*) FILTER (what = 'layer' AND redundant) AS n_layers,
    count(*) FILTER (what = 'layer') AS of_layers,
    min(share) FILTER (what = 'rest' AND redundant) AS rest_from,
    min(share) FILTER (what = 'random' AND redundant) AS random_from
FROM probe_redundancy
WHERE probe IN ($probes)
GROUP BY ALL
ORDER BY label, model, kind, probe, of_layer NULLS FIRST
