-- Frames per cell (group, phone) of the frames that satisfy a condition.
-- Grain: (model, grid, property, group, phone).
-- Paper: [A] §3.2.
-- Parameters: p_model, p_corpus, p_property, p_layer, p_frames, p_where
SELECT m.model, f.grid, f.property, f."group", f.phone, count(*) AS n_frames
FROM chosen_frames(p_corpus := p_corpus, p_property := p_property, p_frames := p_frames, p_where := p_where) AS f
INNER JOIN recordings AS r ON f.utterance_id = r.utterance_id
INNER JOIN model_grids(p_model := p_model, p_layer := p_layer) AS m ON r.model = m.model AND f.grid = m.grid
GROUP BY ALL
