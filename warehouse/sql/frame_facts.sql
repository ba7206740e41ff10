-- Frame facts: all that is known of a frame beside its activations.
-- One row per frame of a grid: its phone interval, its phone's class, and every column of its utterance.
-- Properties are expressions over these columns, and so are the conditions of p_where.
-- Durations are rounded to the microsecond of the labels: floating-point noise must not decide on which side of an
-- edge a segment falls. A frame that stands for a whole utterance has no phone of its own, so its phone is NULL here.
-- Grain: frame_id. Source: [A] §2 (frames and labels).
SELECT
    f.* REPLACE (CASE WHEN f.hop_us > 0 THEN f.phone END AS phone),
    s.word,
    s.start_s,
    s.end_s,
    round(s.end_s - s.start_s, 6) AS segment_s,
    p.phone_class,
    u.* EXCLUDE (utterance_id)
FROM frames AS f
INNER JOIN utterances AS u ON f.utterance_id = u.utterance_id
LEFT JOIN segments AS s ON f.utterance_id = s.utterance_id AND f.segment = s.segment
LEFT JOIN phones AS p ON u.corpus = p.corpus AND f.phone = p.phone
