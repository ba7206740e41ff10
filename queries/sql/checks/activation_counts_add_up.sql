-- Activation counts add up over neurons to k times the frames of their cell, in every reading.
-- Grain: (model, corpus, layer, property, group, phone) with another sum.
-- Paper: [A] §3.2.
-- Columns:
--   model: name of the model
--   corpus: name of the corpus
--   layer: layer
--   property: name of the property
--   group: group of the property
--   phone: phone
--   n: activations counted
--   n_middle: the same of middle frames
--   n_reference: the same of middle frames outside the last run
--   expected: k times the frames
--   expected_middle: k times the middle frames
--   expected_reference: k times the middle frames outside the last run
WITH active AS (
    SELECT
        model, corpus, layer, property, "group", phone,
        sum(n) AS n, sum(n_middle) AS n_middle, sum(n_reference) AS n_reference
    FROM activation_counts
    GROUP BY ALL
),
expected AS (
    SELECT
        c.model, c.corpus, l.layer, c.property, c."group", c.phone,
        any_value(l.top_k) * sum(c.n) AS n,
        any_value(l.top_k) * sum(c.n_middle) AS n_middle,
        any_value(l.top_k) * sum(c.n_reference) AS n_reference
    FROM frame_counts AS c
    INNER JOIN layers AS l
        ON
            c.model = l.model
            AND c.hop_us = l.hop_us AND c.offset_us = l.offset_us AND c.window_us = l.window_us
    GROUP BY ALL
)
SELECT
    coalesce(a.model, e.model) AS model,
    coalesce(a.corpus, e.corpus) AS corpus,
    coalesce(a.layer, e.layer) AS layer,
    coalesce(a.property, e.property) AS property,
    coalesce(a."group", e."group") AS "group",
    coalesce(a.phone, e.phone) AS phone,
    a.n,
    a.n_middle,
    a.n_reference,
    e.n AS expected,
    e.n_middle AS expected_middle,
    e.n_reference AS expected_reference
FROM active AS a
FULL JOIN expected AS e
    ON
        a.model = e.model AND a.corpus = e.corpus AND a.layer = e.layer
        AND a.property = e.property AND a."group" = e."group" AND a.phone = e.phone
WHERE
    a.n IS DISTINCT FROM e.n
    OR a.n_middle IS DISTINCT FROM e.n_middle
    OR a.n_reference IS DISTINCT FROM e.n_reference
