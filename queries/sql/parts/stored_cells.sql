-- Frames per cell (group, phone) of the whole warehouse, from the stored counts.
-- Grain: (model, grid, property, group, phone).
-- Paper: [A] §3.2.
-- Parameters: p_model, p_corpus, p_property, p_layer, p_frames
SELECT
    c.model, m.grid, c.property, c."group", c.phone,
    CAST(sum(counted_frames(p_frames, c.n, c.n_middle, c.n_reference)) AS BIGINT) AS n_frames
FROM frame_counts AS c
INNER JOIN model_grids(p_model := p_model, p_layer := p_layer) AS m
    ON c.model = m.model AND m.grid = grid_number(c.hop_us, c.offset_us, c.window_us)
WHERE
    (p_corpus IS NULL OR corpus = p_corpus)
    AND (p_property IS NULL OR property = p_property)
GROUP BY ALL
