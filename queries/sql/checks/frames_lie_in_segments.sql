-- Every frame lies in a segment of its utterance and has its phone, unless it stands for the whole utterance.
-- Grain: frame_id that does not.
-- Columns:
--   frame_id: frame
--   utterance_id: number of the utterance
--   segment: interval that the frame is said to lie in
--   phone: phone of the frame
--   phone_of_segment: phone of that interval; NULL where there is none
SELECT f.frame_id, f.utterance_id, f.segment, f.phone, s.phone AS phone_of_segment
FROM frames AS f
LEFT JOIN segments AS s ON f.utterance_id = s.utterance_id AND f.segment = s.segment
WHERE CASE WHEN f.hop_us = 0 THEN f.segment IS NOT NULL OR f.phone <> '*' ELSE f.phone IS DISTINCT FROM s.phone END
