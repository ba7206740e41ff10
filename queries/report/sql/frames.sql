-- Frames: how many are labelled.
-- Columns:
--   hop_ms: distance between two frames, ms; 0 = one frame an utterance
--   offset_ms: centre of frame 0, ms
--   window_ms: span of audio that a frame needs, ms
--   frames: all of them
--   phones: share of frames that lie in a phone, and not in silence, noise, or speech without labels
--   voiced: share of frames with a known F0
--   middles: share of frames that are the middle of a run of equal phones
SELECT
    u.corpus,
    f.hop_us / 1000 AS hop_ms,
    f.offset_us / 1000 AS offset_ms,
    f.window_us / 1000 AS window_ms,
    count(*) AS frames,
    avg(CASE WHEN f.phone NOT IN ('', 'spn', '*') THEN 1 ELSE 0 END) AS phones,
    avg(CASE WHEN f.f0_hz IS NOT NULL THEN 1 ELSE 0 END) AS voiced,
    avg(CASE WHEN f.is_middle THEN 1 ELSE 0 END) AS middles
FROM frames AS f
INNER JOIN utterances AS u ON f.utterance_id = u.utterance_id
WHERE $of_corpora
GROUP BY ALL
ORDER BY ALL
