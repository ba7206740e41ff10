-- The frames of a corpus that satisfy a condition, silence included, each with the number of its grid.
-- Grain: (frame_id).
-- Parameters: p_corpus, p_where
FROM query(
    'SELECT frame_id, utterance_id, grid_number(hop_us, offset_us, window_us) AS grid, segment, '
    || 'coalesce(phone, ''*'') AS phone, is_middle, is_last_run FROM '
    || CASE
        WHEN p_where IS NULL AND p_corpus IS NULL THEN 'frames'
        WHEN p_corpus IS NULL THEN 'frame_facts WHERE ' || condition(p_where)
        ELSE 'frame_facts WHERE corpus = ' || literal(p_corpus) || ' AND ' || condition(p_where)
    END
)
