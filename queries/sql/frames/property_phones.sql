-- Property phones: the phones that each property is judged by, which are the declared inventory of every corpus.
--
-- A property whose definition uses nothing but the phone (phone, phone_class, a map of one's own) splits the
-- inventory among its groups; every group of another property can have every phone.
-- Grain: (property, corpus, phone).
-- Paper: [A] §3.2, §4.1; docs/method.md.
-- Columns:
--   property: name of the property
--   corpus: name of the corpus
--   phone: phone of its declared inventory
--   group: the only group that can have the phone; NULL = every group can
--   counts: whether the phone counts in the readings 'all' and 'middle'; in 'reference' every phone does
SELECT property, corpus, phone, "group", counts
FROM (
    SELECT
        p.property,
        i.corpus,
        i.phone,
        CASE p.property
            WHEN NULL THEN NULL -- a branch, also where nothing is declared yet
            -- for each property
            WHEN $property THEN $group
            -- end
            ELSE CAST(NULL AS VARCHAR)
        END AS "group",
        CASE p.property
            WHEN NULL THEN NULL -- a branch, also where nothing is declared yet
            -- for each property
            WHEN $property THEN $any_group
            -- end
            ELSE false
        END AS any_group,
        CASE p.property
            WHEN NULL THEN NULL -- a branch, also where nothing is declared yet
            -- for each property
            WHEN $property THEN $counts
            -- end
            ELSE false
        END AS counts
    FROM phones AS i
    CROSS JOIN (SELECT unnest(known_properties()) AS property) AS p
)
WHERE any_group OR "group" IS NOT NULL
