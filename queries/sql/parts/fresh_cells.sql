-- Frames per cell (group, phone) of the frames that satisfy a condition.
-- Grain: (model, property, group, phone).
-- Paper: [A] §3.2.
-- Parameters: p_model, p_corpus, p_property, p_frames, p_where
SELECT m.model, f.property, f."group", f.phone, count(*) AS n_frames
FROM chosen_frames(p_corpus := p_corpus, p_property := p_property, p_frames := p_frames, p_where := p_where) AS f
INNER JOIN recordings AS r ON f.utterance_id = r.utterance_id
INNER JOIN models AS m ON r.model = m.model AND f.hop_us = m.hop_us AND f.offset_us = m.offset_us
WHERE p_model IS NULL OR m.model = p_model
GROUP BY ALL
