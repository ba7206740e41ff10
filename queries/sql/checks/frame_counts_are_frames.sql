-- Frame counts are what counting the frames of the recorded utterances gives, property by property.
-- Grain: (model, corpus, hop_us, offset_us, window_us, property, group, phone) with another count.
-- Paper: [A] §3.2.
-- Columns:
--   model: name of the model
--   corpus: name of the corpus
--   hop_us: distance between two frames of the grid, microseconds
--   offset_us: centre of frame 0, microseconds
--   window_us: span of audio that a frame needs, microseconds
--   property: name of the property
--   group: group of the property
--   phone: phone
--   n: stored count; NULL where there is none
--   n_middle: the same of middle frames
--   n_reference: the same of middle frames outside the last run
--   found: frames; NULL where there are none
--   found_middle: middle frames
--   found_reference: middle frames outside the last run
WITH stored AS (
    SELECT
        model, corpus, hop_us, offset_us, window_us, property, "group", phone,
        sum(n) AS n, sum(n_middle) AS n_middle, sum(n_reference) AS n_reference
    FROM frame_counts
    GROUP BY ALL
),
counted AS (
    SELECT
        m.model, u.corpus, m.hop_us, m.offset_us, m.window_us, g.property, g."group", f.phone,
        count(*) AS n,
        count(*) FILTER (WHERE f.is_middle) AS n_middle,
        count(*) FILTER (WHERE f.is_middle AND NOT f.is_last_run) AS n_reference
    FROM frames AS f
    INNER JOIN frame_groups AS g ON f.frame_id = g.frame_id
    INNER JOIN utterances AS u ON f.utterance_id = u.utterance_id
    INNER JOIN recordings AS r ON f.utterance_id = r.utterance_id
    INNER JOIN (SELECT DISTINCT model, hop_us, offset_us, window_us FROM layers) AS m
        ON
            r.model = m.model
            AND f.hop_us = m.hop_us AND f.offset_us = m.offset_us AND f.window_us = m.window_us
    GROUP BY ALL
)
SELECT
    coalesce(s.model, c.model) AS model,
    coalesce(s.corpus, c.corpus) AS corpus,
    coalesce(s.hop_us, c.hop_us) AS hop_us,
    coalesce(s.offset_us, c.offset_us) AS offset_us,
    coalesce(s.window_us, c.window_us) AS window_us,
    coalesce(s.property, c.property) AS property,
    coalesce(s."group", c."group") AS "group",
    coalesce(s.phone, c.phone) AS phone,
    s.n,
    s.n_middle,
    s.n_reference,
    c.n AS found,
    c.n_middle AS found_middle,
    c.n_reference AS found_reference
FROM stored AS s
FULL JOIN counted AS c
    ON
        s.model = c.model AND s.corpus = c.corpus
        AND s.hop_us = c.hop_us AND s.offset_us = c.offset_us AND s.window_us = c.window_us
        AND s.property = c.property AND s."group" = c."group" AND s.phone = c.phone
WHERE
    s.n IS DISTINCT FROM c.n
    OR s.n_middle IS DISTINCT FROM c.n_middle
    OR s.n_reference IS DISTINCT FROM c.n_reference
