-- Frame counts of shards that were committed before a property was declared, counted from their frames.
--
-- Grain: (grid, property, group, phone) of a model, a corpus and the shards that lack the counts.
SELECT
    $model AS model,
    $corpus AS corpus,
    $property AS property,
    g."group",
    f.phone,
    count(*) AS n,
    count(*) FILTER (WHERE f.is_middle) AS n_middle,
    count(*) FILTER (WHERE f.is_middle AND NOT f.is_last_run) AS n_reference,
    $hop_us AS hop_us,
    $offset_us AS offset_us,
    $window_us AS window_us
FROM read_parquet($recordings, hive_partitioning = false) AS r
INNER JOIN frames AS f ON r.utterance_id = f.utterance_id
INNER JOIN ($groups) AS g ON f.frame_id = g.frame_id
WHERE f.hop_us = $hop_us AND f.offset_us = $offset_us AND f.window_us = $window_us
GROUP BY g."group", f.phone
