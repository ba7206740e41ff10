-- The sets that a neuron belongs to: of every group of every property, whether it is in N_i and in G_i.
-- Grain: (property, group).
-- Paper: [A] §4.1, eq. 4.
-- Columns:
--   n_phones_active: phones of the group that the neuron responds to
--   n_phones: phones of the group, of which a candidate must respond to the share p_sigma
--   n_active: frames of the group that activate the neuron
--   n_frames: frames of the group
--   p: n_active / n_frames
--   is_candidate: whether it is in N_i
--   is_group_neuron: whether it is in G_i: in N_i, and in that of no other group of the property
WITH counted AS (
    SELECT
        property,
        "group",
        CAST(sum(n_active) AS BIGINT) AS n_active,
        count(*) FILTER (
            responds(n_active, n_frames, $model, $layer, $lambda, $baseline, $z)
        ) AS n_phones_active
    FROM $activation_probabilities
    WHERE neuron = $neuron
    GROUP BY property, "group"
),
sizes AS (
    SELECT property, "group", CAST(sum(n_frames) AS BIGINT) AS n_frames
    FROM $counted_cells
    GROUP BY property, "group"
),
candidates AS (
    SELECT property, "group" FROM $group_candidates WHERE neuron = $neuron
)
SELECT
    g.property,
    g."group",
    coalesce(a.n_phones_active, 0) AS n_phones_active,
    g.n_phones,
    coalesce(a.n_active, 0) AS n_active,
    s.n_frames,
    coalesce(a.n_active, 0) / s.n_frames AS p,
    c.property IS NOT NULL AS is_candidate,
    c.property IS NOT NULL AND count(c.property) OVER (PARTITION BY g.property) = 1 AS is_group_neuron
FROM $counted_groups AS g
INNER JOIN sizes AS s ON g.property = s.property AND g."group" = s."group"
LEFT JOIN counted AS a ON g.property = a.property AND g."group" = a."group"
LEFT JOIN candidates AS c ON g.property = c.property AND g."group" = c."group"
UNION ALL BY NAME
SELECT CAST(NULL AS VARCHAR) AS "group" FROM checked_lookup(p_model := $model, p_layer := $layer, p_neuron := $neuron)
ORDER BY property, "group"
