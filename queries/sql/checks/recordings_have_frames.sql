-- Every recorded utterance has as many frames on its model's grid as were recorded, and was recorded once.
-- Grain: (model, utterance_id) with another number.
-- Columns:
--   model: name of the model
--   utterance_id: number of the utterance
--   n_recordings: how often it was recorded
--   n_recorded: frames that the model gave
--   n_frames: frames on the model's grid
WITH spans AS (
    SELECT hop_us, offset_us, window_us, utterance_id, count(*) AS n_frames
    FROM frames
    GROUP BY hop_us, offset_us, window_us, utterance_id
)
SELECT
    r.model,
    r.utterance_id,
    count(*) AS n_recordings,
    any_value(r.n_frames) AS n_recorded,
    coalesce(any_value(s.n_frames), 0) AS n_frames
FROM recordings AS r
LEFT JOIN models AS m ON r.model = m.model
LEFT JOIN spans AS s
    ON
        r.utterance_id = s.utterance_id
        AND m.hop_us = s.hop_us AND m.offset_us = s.offset_us AND m.window_us = s.window_us
GROUP BY r.model, r.utterance_id
HAVING n_recordings > 1 OR n_recorded <> coalesce(any_value(s.n_frames), 0)
