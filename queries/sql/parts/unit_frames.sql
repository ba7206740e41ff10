-- The frames that a question about one property counts, with the units that labels are permuted and resampled over.
--
-- Only frames that the model has recorded, of phones that count in the reading.
-- Grain: (model, frame_id).
-- Paper: [A] §3.2; docs/certainty.md.
-- Parameters: p_model, p_corpus, p_property, p_layer, p_frames, p_where
SELECT m.model, g.frame_id, g.utterance_id, f.segment, u.speaker, g."group", g.phone
FROM chosen_frames(p_corpus := p_corpus, p_property := p_property, p_frames := p_frames, p_where := p_where) AS g
INNER JOIN frames AS f ON g.frame_id = f.frame_id
INNER JOIN utterances AS u ON g.utterance_id = u.utterance_id
INNER JOIN recordings AS r ON g.utterance_id = r.utterance_id
INNER JOIN model_grids(p_model := p_model, p_layer := p_layer) AS m ON r.model = m.model AND g.grid = m.grid
SEMI JOIN counted_phones(p_frames := p_frames) AS i ON g.property = i.property AND g.phone = i.phone
