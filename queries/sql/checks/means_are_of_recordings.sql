-- Utterance means are of recorded utterances, over all their frames, once for each kind and layer.
-- Grain: (model, kind, layer, utterance_id) that is not.
-- Columns:
--   model: name of the model
--   kind: ffn or block
--   layer: layer, or block
--   utterance_id: number of the utterance
--   n_rows: rows that it has
--   n_averaged: frames averaged
--   n_recorded: frames of the layer that were recorded; NULL where the utterance was not
WITH lengths AS (
    SELECT hop_us, offset_us, window_us, utterance_id, count(*) AS n_frames
    FROM frames
    GROUP BY hop_us, offset_us, window_us, utterance_id
),
spans AS (
    SELECT r.model, l.layer, r.utterance_id, f.n_frames
    FROM recordings AS r
    INNER JOIN layers AS l ON r.model = l.model
    INNER JOIN lengths AS f
        ON
            r.utterance_id = f.utterance_id
            AND l.hop_us = f.hop_us AND l.offset_us = f.offset_us AND l.window_us = f.window_us
)
SELECT
    w.model,
    w.kind,
    w.layer,
    w.utterance_id,
    count(*) AS n_rows,
    any_value(w.n_frames) AS n_averaged,
    any_value(s.n_frames) AS n_recorded
FROM utterance_means AS w
LEFT JOIN spans AS s ON w.model = s.model AND w.layer = s.layer AND w.utterance_id = s.utterance_id
GROUP BY w.model, w.kind, w.layer, w.utterance_id
HAVING n_rows > 1 OR n_averaged IS DISTINCT FROM n_recorded
