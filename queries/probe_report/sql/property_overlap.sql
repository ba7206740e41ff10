-- Neurons that are both in the smallest minimal set and among those of a property, beside sets drawn by lot.
FROM (
    -- for each model
    FROM probe_property_overlap(p_model := $model)
    UNION ALL BY NAME
    -- end
    (FROM probe_property_overlap() LIMIT 0)
)
WHERE probe IN ($probes)
ORDER BY label, model, probe, layer NULLS FIRST, property, "group" NULLS FIRST
