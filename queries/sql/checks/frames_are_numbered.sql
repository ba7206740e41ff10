-- Frames of an utterance on a grid are numbered 0, 1, 2, …, with consecutive frame_ids that no other frame has.
-- Grain: (hop_us, offset_us, window_us, utterance_id) whose numbers are wrong.
-- Columns:
--   hop_us: distance between two frames of the grid, microseconds
--   offset_us: centre of frame 0, microseconds
--   window_us: span of audio that a frame needs, microseconds
--   utterance_id: number of the utterance
--   n_frames: frames that it has
--   first_id: lowest frame_id
--   last_id: highest frame_id
WITH spans AS (
    SELECT
        hop_us,
        offset_us,
        window_us,
        utterance_id,
        count(*) AS n_frames,
        min(frame_id) AS first_id,
        max(frame_id) AS last_id,
        count(DISTINCT frame) = count(*) AND min(frame) = 0 AND max(frame) = count(*) - 1 AS from_zero,
        count(DISTINCT frame_id - frame) = 1 AS consecutive
    FROM frames
    GROUP BY hop_us, offset_us, window_us, utterance_id
)
SELECT hop_us, offset_us, window_us, utterance_id, n_frames, first_id, last_id
FROM spans
QUALIFY NOT from_zero OR NOT consecutive OR coalesce(first_id <= max(last_id) OVER (
    ORDER BY first_id, last_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
), false)
