-- The cells (group, phone) that count in a question, with their frames: the denominators of every probability.
--
-- A cell with fewer frames than p_min_frames is as if it had never been seen. With p_layer the frames are those of that
-- layer; a model whose layers have frames at different rates has otherwise cells for each rate.
-- Grain: (model, grid, property, group, phone).
-- Paper: [A] §3.2; docs/method.md.
-- Parameters: p_model, p_corpus, p_property, p_layer, p_frames, p_min_frames, p_where
WITH seen AS (
    FROM query(
        CASE WHEN p_where IS NULL THEN 'FROM stored_cells(' ELSE 'FROM fresh_cells(p_where := ' || literal(p_where) || ', ' END
        || 'p_model := ' || literal(p_model) || ', p_corpus := ' || literal(p_corpus)
        || ', p_property := ' || literal(p_property) || ', p_layer := ' || literal(p_layer)
        || ', p_frames := ' || literal(p_frames) || ')'
    )
)
SELECT
    s.model,
    s.grid,
    s.property,
    s."group",
    s.phone,
    s.n_frames,
    CAST(dense_rank() OVER (PARTITION BY s.grid ORDER BY s.property, s."group", s.phone) - 1 AS INTEGER) AS cell_id,
    CAST(dense_rank() OVER (ORDER BY s.model, s.grid, s.property, s."group") - 1 AS INTEGER) AS group_id
FROM seen AS s
SEMI JOIN counted_phones(p_frames := p_frames) AS i ON s.property = i.property AND s.phone = i.phone
WHERE s.n_frames >= greatest(1, coalesce(CAST(p_min_frames AS BIGINT), 1))
