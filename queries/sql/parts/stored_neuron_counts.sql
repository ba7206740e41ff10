-- How often each neuron is active in each cell, with the cell's frames: from the stored counts.
--
-- Where the warehouse holds one row a key, as after compaction, the rows are taken as they are; otherwise the counts
-- of shards and corpora are added up.
-- Grain: (model, layer, property, group, phone, neuron).
-- Paper: [A] §3.2.
-- Parameters: p_model, p_corpus, p_property, p_layer, p_frames, p_lambda, p_min_frames
WITH cells AS (
    FROM counted_cells(
        p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer,
        p_frames := p_frames, p_min_frames := p_min_frames
    )
),
chosen AS (
    SELECT model, layer, property, "group", phone, neuron, counted_frames(p_frames, n, n_middle, n_reference) AS n
    FROM activation_counts
    WHERE
        (p_model IS NULL OR model = p_model)
        AND (p_corpus IS NULL OR corpus = p_corpus)
        AND (p_property IS NULL OR property = p_property)
        AND (p_layer IS NULL OR layer = CAST(p_layer AS INTEGER))
        AND (p_lambda IS NULL OR CAST(p_lambda AS DOUBLE) = recorded_lambda(coalesce(p_model, only_model(), model)))
),
summed AS (
    SELECT model, layer, property, "group", phone, neuron, n
    FROM chosen
    WHERE counts_are_sums(p_corpus, p_property)
    UNION ALL
    SELECT model, layer, property, "group", phone, neuron, CAST(sum(n) AS BIGINT) AS n
    FROM chosen
    WHERE NOT counts_are_sums(p_corpus, p_property)
    GROUP BY model, layer, property, "group", phone, neuron
)
SELECT
    c.model,
    CAST(s.layer AS INTEGER) AS layer,
    c.property,
    c."group",
    c.phone,
    s.neuron,
    CAST(s.n AS BIGINT) AS n_active,
    c.n_frames,
    c.cell_id,
    c.group_id
FROM summed AS s
INNER JOIN cells AS c
    ON
        s."group" = c."group" AND s.phone = c.phone
        AND c.grid = layer_grid(coalesce(p_model, only_model(), s.model), CAST(s.layer AS INTEGER))
        AND (p_property IS NOT NULL OR s.property = c.property)
        AND (coalesce(p_model, only_model()) IS NOT NULL OR s.model = c.model)
WHERE s.n > 0
