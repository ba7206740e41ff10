-- Every recorded segment that has a frame has one mean of each kind, over all its frames, and no other has any.
--
-- Asked layer by layer, of the kinds that the layer has means of.
-- Grain: (model, kind, layer, utterance_id, segment) for which this is not so.
-- Columns:
--   model: name of the model
--   kind: ffn or block
--   layer: layer, or block
--   utterance_id: number of the utterance
--   segment: number of the interval in the utterance
--   n_rows: rows that it has
--   n_averaged: frames averaged; NULL where it has no row
--   n_recorded: frames of the layer that were recorded in it; NULL where there are none
SELECT * FROM (
-- for each layer
SELECT
    $model AS model,
    coalesce(m.kind, f.kind) AS kind,
    $layer AS layer,
    coalesce(m.utterance_id, f.utterance_id) AS utterance_id,
    coalesce(m.segment, f.segment) AS segment,
    coalesce(m.n_rows, 0) AS n_rows,
    m.n_averaged,
    f.n_recorded
FROM (
    SELECT kind, utterance_id, segment, count(*) AS n_rows, any_value(n_frames) AS n_averaged
    FROM segment_means
    WHERE model = $model AND layer = $layer
    GROUP BY kind, utterance_id, segment
) AS m
FULL JOIN (
    SELECT k.kind, f.utterance_id, f.segment, count(*) AS n_recorded
    FROM (SELECT DISTINCT kind FROM segment_means WHERE model = $model AND layer = $layer) AS k
    CROSS JOIN frames AS f
    INNER JOIN recordings AS r ON f.utterance_id = r.utterance_id
    INNER JOIN layers AS l
        ON
            r.model = l.model
            AND f.hop_us = l.hop_us AND f.offset_us = l.offset_us AND f.window_us = l.window_us
    WHERE l.model = $model AND l.layer = $layer
    GROUP BY k.kind, f.utterance_id, f.segment
) AS f ON m.kind = f.kind AND m.utterance_id = f.utterance_id AND m.segment = f.segment
WHERE coalesce(m.n_rows, 0) <> 1 OR m.n_averaged IS DISTINCT FROM f.n_recorded
-- end
)
