-- Neurons that are both in the smallest minimal set and as high in a ranking for a property, beside rankings by lot.
--
-- Each layer's share of the set is compared with as many neurons, the first ones of the layer in the ranking.
FROM (
    -- for each model
    FROM probe_ranking_overlap(p_model := $model)
    UNION ALL BY NAME
    -- end
    (FROM probe_ranking_overlap() LIMIT 0)
)
WHERE probe IN ($probes)
ORDER BY label, model, probe, property, ranking
