-- Strongest group neurons: for every group those of its neurons that respond to it most surely.
--
-- They are ordered by the lower bound of p over all frames of the group.
-- Columns:
--   place: from 1
--   n_active: frames of the group that activate the neuron
--   n_frames: frames of the group
--   p: n_active / n_frames
--   p_low: Wilson lower bound of p; frames are taken for independent, which they are not quite
--   p_high: Wilson upper bound of p
--   p_elsewhere: the same share over the frames of all other groups
--   phones_active: phones of the group that the neuron responds to
--   phones: phones of the group
WITH chosen AS MATERIALIZED (
    SELECT c.*
    FROM $group_candidates AS c
    SEMI JOIN $group_neurons AS g
        ON c.model = g.model AND c.layer = g.layer AND c.property = g.property AND c."group" = g."group"
        AND c.neuron = g.neuron
    WHERE $of_properties
),
frames AS (
    SELECT
        model,
        grid,
        property,
        "group",
        CAST(sum(n_frames) AS BIGINT) AS n_frames,
        CAST(sum(sum(n_frames)) OVER (PARTITION BY model, grid, property) AS BIGINT) AS n_all
    FROM $counted_cells
    GROUP BY model, grid, property, "group"
),
active AS (
    SELECT
        c.model,
        c.layer,
        c.property,
        c."group",
        c.neuron,
        any_value(c.n_phones_active) AS phones_active,
        any_value(c.n_phones) AS phones,
        CAST(coalesce(sum(p.n_active) FILTER (WHERE p."group" = c."group"), 0) AS BIGINT) AS n_active,
        CAST(sum(p.n_active) AS BIGINT) AS n_anywhere
    FROM chosen AS c
    INNER JOIN $activation_probabilities AS p
        ON c.model = p.model AND c.layer = p.layer AND c.property = p.property AND c.neuron = p.neuron
    GROUP BY ALL
)
SELECT
    a.model,
    a.property,
    a."group",
    row_number() OVER (
        PARTITION BY a.model, a.property, a."group"
        ORDER BY wilson_bound(a.n_active, f.n_frames, -$z) DESC, a.layer, a.neuron
    ) AS place,
    a.layer,
    a.neuron,
    a.n_active / f.n_frames AS p,
    wilson_bound(a.n_active, f.n_frames, -$z) AS p_low,
    wilson_bound(a.n_active, f.n_frames, $z) AS p_high,
    (a.n_anywhere - a.n_active) / nullif(f.n_all - f.n_frames, 0) AS p_elsewhere,
    a.phones_active,
    a.phones,
    a.n_active,
    f.n_frames
FROM active AS a
INNER JOIN frames AS f
    ON
        a.model = f.model AND a.property = f.property AND a."group" = f."group"
        AND f.grid = layer_grid(a.model, CAST(a.layer AS INTEGER))
QUALIFY place <= $most
ORDER BY a.model, a.property, a."group", place
