-- The frames that a question counts, with their group and phone.
-- Grain: (property, frame_id).
-- Paper: [A] §3.2.
-- Parameters: p_corpus, p_property, p_frames, p_where
SELECT g.property, g."group", f.frame_id, f.utterance_id, f.hop_us, f.offset_us, f.phone
FROM query(
    'SELECT frame_id, utterance_id, hop_us, offset_us, phone, is_middle, is_last_run FROM '
    || CASE
        WHEN p_where IS NULL AND p_corpus IS NULL THEN 'frames'
        WHEN p_corpus IS NULL THEN 'frame_facts WHERE ' || condition(p_where)
        ELSE 'frame_facts WHERE corpus = ' || literal(p_corpus) || ' AND ' || condition(p_where)
    END
) AS f
INNER JOIN frame_groups AS g ON f.frame_id = g.frame_id
WHERE frame_counts_as(p_frames, f.is_middle, f.is_last_run) AND (p_property IS NULL OR g.property = p_property)
