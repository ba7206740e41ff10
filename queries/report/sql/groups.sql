-- Groups: how many frames each has, in the three readings of which frames count.
--
-- A condition on frames (p_where) is not applied here.
-- Columns:
--   hop_ms: distance between two frames; 0 = one frame an utterance, which has no phone
--   phones: different phones among them
--   frames: every frame (all)
--   middle: middle frames of runs of equal phones (middle)
--   reference: the same without the last run of an utterance (reference)
SELECT
    m.model,
    property,
    m."group",
    m.hop_us / 1000 AS hop_ms,
    count(DISTINCT m.phone) FILTER (m.hop_us > 0) AS phones,
    CAST(sum(m.n) AS BIGINT) AS frames,
    CAST(sum(m.n_middle) AS BIGINT) AS middle,
    CAST(sum(m.n_reference) AS BIGINT) AS reference
FROM frame_counts AS m
WHERE $of_models AND $of_properties AND $of_counted_corpora
GROUP BY m.model, property, m."group", m.hop_us, m.offset_us, m.window_us
ORDER BY m.model, property, m."group", hop_ms
