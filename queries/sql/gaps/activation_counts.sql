-- Activation counts of shards that were committed before a property was declared, counted from their activations.
--
-- The filter of n is always true: it keeps DuckDB from counting before the joins, where there is nothing to count.
-- Grain: (layer, property, group, phone, neuron) of a model, a corpus and the shards that lack the counts.
SELECT
    $model AS model,
    $corpus AS corpus,
    a.layer,
    g.property,
    g."group",
    f.phone,
    a.neuron,
    count(*) FILTER (WHERE g."group" IS NOT NULL) AS n,
    count(*) FILTER (WHERE f.is_middle) AS n_middle,
    count(*) FILTER (WHERE f.is_middle AND NOT f.is_last_run) AS n_reference
FROM read_parquet($activations) AS a
INNER JOIN frames AS f ON a.frame_id = f.frame_id
INNER JOIN frame_groups AS g ON a.frame_id = g.frame_id
WHERE g.property IN ($properties)
GROUP BY a.layer, g.property, g."group", f.phone, a.neuron
