-- Frames per cell (group, phone) of the whole warehouse, from the stored counts.
-- Grain: (model, property, group, phone).
-- Paper: [A] §3.2.
-- Parameters: p_model, p_corpus, p_property, p_frames
SELECT
    model, property, "group", phone,
    CAST(sum(counted_frames(p_frames, n, n_middle, n_reference)) AS BIGINT) AS n_frames
FROM frame_counts
WHERE
    (p_model IS NULL OR model = p_model)
    AND (p_corpus IS NULL OR corpus = p_corpus)
    AND (p_property IS NULL OR property = p_property)
GROUP BY ALL
