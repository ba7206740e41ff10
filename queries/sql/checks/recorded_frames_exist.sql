-- The frames of a layer's activations are those of the recorded utterances on the layer's grid, all and no others.
--
-- Asked layer by layer.
-- Grain: (model, layer, frame_id) that lacks one of the two.
-- Columns:
--   model: name of the model
--   layer: layer
--   frame_id: frame
--   activated: whether it has activations
--   recorded: whether it is a frame of a recorded utterance
SELECT * FROM (
-- for each layer
SELECT
    $model AS model,
    $layer AS layer,
    coalesce(a.frame_id, f.frame_id) AS frame_id,
    a.frame_id IS NOT NULL AS activated,
    f.frame_id IS NOT NULL AS recorded
FROM (SELECT frame_id FROM activations WHERE model = $model AND layer = $layer AND "rank" = 0) AS a
FULL JOIN (
    SELECT f.frame_id
    FROM frames AS f
    INNER JOIN recordings AS r ON f.utterance_id = r.utterance_id
    INNER JOIN layers AS l
        ON
            r.model = l.model
            AND f.hop_us = l.hop_us AND f.offset_us = l.offset_us AND f.window_us = l.window_us
    WHERE l.model = $model AND l.layer = $layer
) AS f ON a.frame_id = f.frame_id
WHERE a.frame_id IS NULL OR f.frame_id IS NULL
-- end
)
