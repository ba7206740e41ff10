-- F0 is a positive, finite number of Hz, or NULL where a frame is unvoiced.
-- Grain: frame_id with another.
-- Columns:
--   frame_id: frame
--   utterance_id: number of the utterance
--   f0_hz: its fundamental frequency
SELECT frame_id, utterance_id, f0_hz
FROM frames
WHERE NOT (f0_hz > 0 AND isfinite(f0_hz))
