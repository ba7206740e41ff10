-- Activation counts of shards that were committed before a property was declared, counted from their activations.
--
-- One layer at a time, so that the table of counters stays in the cache. The first 256 cells are counted as bytes, for
-- which DuckDB takes an array instead of a hash table. The filter of n is always true: it keeps DuckDB from counting
-- before the join, where there is nothing to count. The limit is the number of all frames: without it DuckDB takes the
-- frames for many more than there are, and hashes the activations instead. Cells are numbered by a window: numbered by a
-- join with themselves, limited frames can make DuckDB 2.0 wait for ever.
-- Grain: (layer, property, group, phone, neuron) of a model, a corpus and the shards that lack the counts.
WITH coded AS MATERIALIZED (
    SELECT
        f.frame_id,
        f.phone,
        f.is_middle,
        f.is_middle AND NOT f.is_last_run AS is_reference,
        g."group",
        dense_rank() OVER (ORDER BY g."group", f.phone) - 1 AS cell_id
    FROM frames AS f
    INNER JOIN ($groups) AS g ON f.frame_id = g.frame_id
    WHERE f.hop_us = $hop_us AND f.offset_us = $offset_us AND f.window_us = $window_us
    LIMIT $n_frames
),
first_cells AS (
    SELECT frame_id, is_middle, is_reference, CAST(cell_id AS UTINYINT) AS cell_id FROM coded WHERE cell_id < 256
),
other_cells AS (SELECT frame_id, is_middle, is_reference, cell_id FROM coded WHERE cell_id >= 256),
counted AS NOT MATERIALIZED (
    SELECT CAST(NULL AS SMALLINT) AS layer, 0 AS cell_id, 0 AS neuron, 0 AS n, 0 AS n_middle, 0 AS n_reference
    WHERE false
    -- for each layer
    UNION ALL
    SELECT
        CAST($layer AS SMALLINT) AS layer,
        c.cell_id,
        a.neuron,
        count(*) FILTER (WHERE c.cell_id >= 0) AS n,
        count(*) FILTER (WHERE c.is_middle) AS n_middle,
        count(*) FILTER (WHERE c.is_reference) AS n_reference
    FROM read_parquet($activations, hive_partitioning = false) AS a
    INNER JOIN $cells AS c ON a.frame_id = c.frame_id
    WHERE a.layer = $layer
    GROUP BY c.cell_id, a.neuron
    -- end
)
SELECT
    $model AS model,
    $corpus AS corpus,
    n.layer,
    $property AS property,
    c."group",
    c.phone,
    n.neuron,
    n.n,
    n.n_middle,
    n.n_reference
FROM counted AS n
INNER JOIN (SELECT DISTINCT cell_id, "group", phone FROM coded) AS c ON n.cell_id = c.cell_id
