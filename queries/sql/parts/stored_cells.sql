-- Frames per cell (group, phone) of the whole warehouse, from the stored counts.
-- Grain: (model, grid, property, group, phone).
-- Paper: [A] §3.2.
-- Parameters: p_model, p_corpus, p_property, p_layer, p_frames
SELECT
    model, grid_number(hop_us, offset_us, window_us) AS grid, property, "group", phone,
    CAST(sum(counted_frames(p_frames, n, n_middle, n_reference)) AS BIGINT) AS n_frames
FROM frame_counts
WHERE
    (p_model IS NULL OR model = p_model)
    AND (p_corpus IS NULL OR corpus = p_corpus)
    AND (p_property IS NULL OR property = p_property)
    AND (
        p_layer IS NULL
        OR grid_number(hop_us, offset_us, window_us)
        = layer_grid(coalesce(p_model, only_model(), model), CAST(p_layer AS INTEGER))
    )
GROUP BY ALL
