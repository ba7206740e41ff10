-- The neurons that come first in the ranking of all classes, and in that of each.
-- Columns:
--   of_layer: layer whose features were ranked; NULL = those of all layers together
--   class: class that they speak for (weight above 0) or against; NULL = all classes together
--   rank: 1 = the most salient
--   weight: weight for the class, averaged over the seeds; of all classes, the one furthest from 0
SELECT
    k.probe,
    r.label,
    r.model,
    r.kind,
    k.of_layer,
    k.class,
    k.rank,
    k.layer,
    k.neuron,
    k.statistic,
    k.weight
FROM probe_rankings AS k
INNER JOIN probe_runs AS r ON k.probe = r.probe
WHERE
    k.probe IN ($probes)
    AND r.task = 'classification'
    AND k.seed IS NULL
    AND k.rank <= 10
    AND (k.of_layer IS NULL OR NOT list_contains(r.layers, 'all'))
ORDER BY r.label, r.model, r.kind, k.probe, k.of_layer NULLS FIRST, k.class NULLS FIRST, k.rank
