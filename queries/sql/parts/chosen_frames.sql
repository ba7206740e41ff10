-- The frames that a question counts, with their group and phone.
-- Grain: (property, frame_id).
-- Paper: [A] §3.2.
-- Parameters: p_corpus, p_property, p_frames, p_where
SELECT g.property, g."group", f.frame_id, f.utterance_id, f.grid, f.phone
FROM asked_frames(p_corpus := p_corpus, p_where := p_where) AS f
INNER JOIN frame_groups AS g ON f.frame_id = g.frame_id
WHERE frame_counts_as(p_frames, f.is_middle, f.is_last_run) AND (p_property IS NULL OR g.property = p_property)
