-- Segments tile their utterance: the first starts at 0, each where the one before ends, the last ends with the audio.
--
-- Times may differ by a microsecond.
-- Grain: (utterance_id, segment) that is out of place; segment is NULL where an utterance has none.
-- Columns:
--   utterance_id: number of the utterance
--   segment: number of the interval
--   start_s: its start, seconds
--   end_s: its end, seconds
--   before_s: end of the interval before, seconds; 0 for the first
--   duration: length of the audio, seconds
WITH placed AS (
    SELECT
        u.utterance_id,
        s.segment,
        s.start_s,
        s.end_s,
        u.duration,
        coalesce(lag(s.end_s) OVER w, 0) AS before_s,
        row_number() OVER w - 1 AS place,
        lead(s.segment) OVER w IS NULL AS is_last
    FROM utterances AS u
    FULL JOIN segments AS s ON u.utterance_id = s.utterance_id
    WINDOW w AS (PARTITION BY u.utterance_id ORDER BY s.segment)
)
SELECT utterance_id, segment, start_s, end_s, before_s, duration
FROM placed
WHERE
    utterance_id IS NULL
    OR segment IS NULL
    OR segment <> place
    OR end_s <= start_s
    OR abs(start_s - before_s) > 1.000001e-6
    OR (is_last AND abs(end_s - duration) > 1.000001e-6)
