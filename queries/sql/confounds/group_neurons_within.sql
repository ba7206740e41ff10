-- Group neurons of each of two properties, over the frames of one group of the other at a time.
--
-- What group_neurons says of one property when p_where keeps the frames of one group of the other, for both properties
-- and every group: from one pass over the activations of each layer. The first 256 cells are counted as bytes, and the
-- limit is the number of all frames, both as for counts that were not made in time. Cells are numbered by a window:
-- numbered by a join with themselves, the frames make DuckDB 2.0 wait for ever.
-- Grain: (model, layer, property, within_group, group, neuron); a group of a grid's frames has one
-- row without a layer.
-- Paper: [A] §4.1, eq. 4.
WITH framed AS MATERIALIZED (
    SELECT
        a.frame_id,
        a.utterance_id,
        a.grid,
        a.phone,
        a."group" AS group_a,
        b."group" AS group_b,
        dense_rank() OVER (ORDER BY a."group", b."group", a.phone) - 1 AS cell_id
    FROM chosen_frames(p_corpus := $p_corpus, p_property := $a, p_frames := $p_frames, p_where := $p_where) AS a
    INNER JOIN
        chosen_frames(p_corpus := $p_corpus, p_property := $b, p_frames := $p_frames, p_where := $p_where) AS b
        ON a.frame_id = b.frame_id
    LIMIT $n_frames
),
seen AS MATERIALIZED (
    SELECT m.model, f.grid, f.cell_id, f.group_a, f.group_b, f.phone, count(*) AS n_frames
    FROM framed AS f
    INNER JOIN recordings AS r ON f.utterance_id = r.utterance_id
    INNER JOIN model_grids(p_model := $p_model) AS m ON r.model = m.model AND f.grid = m.grid
    GROUP BY ALL
    HAVING count(*) >= greatest(1, coalesce(CAST($p_min_frames AS BIGINT), 1))
),
first_cells AS (SELECT frame_id, CAST(cell_id AS UTINYINT) AS cell_id FROM framed WHERE cell_id < 256),
other_cells AS (SELECT frame_id, cell_id FROM framed WHERE cell_id >= 256),
counted AS (
    SELECT CAST(NULL AS VARCHAR) AS model, 0 AS layer, 0 AS cell_id, 0 AS neuron, 0 AS n_active
    WHERE false
    -- for each layer
    UNION ALL
    SELECT $model, $layer, c.cell_id, a.neuron, count(*) FILTER (c.cell_id >= 0)
    FROM activations AS a
    INNER JOIN $cells AS c ON a.frame_id = c.frame_id
    WHERE a.model = $model AND a.layer = $layer AND a."rank" < top_k($p_lambda, $n_neurons, $top_k)
    GROUP BY c.cell_id, a.neuron
    -- end
),
-- Each property in turn is asked for, and the other is the condition.
asked AS MATERIALIZED (
    SELECT s.model, s.grid, o.property, o."group", o.within_group, s.phone, s.n_frames, s.cell_id
    FROM seen AS s
    CROSS JOIN LATERAL (
        VALUES ($a, s.group_a, s.group_b), ($b, s.group_b, s.group_a)
    ) AS o (property, "group", within_group)
    SEMI JOIN counted_phones(p_frames := $p_frames) AS i ON o.property = i.property AND s.phone = i.phone
),
groups AS MATERIALIZED (
    SELECT
        a.model,
        a.grid,
        a.property,
        a."group",
        a.within_group,
        CASE WHEN $p_frames = 'reference' THEN any_value(g.n_phones) ELSE count(*) END AS n_phones
    FROM asked AS a
    LEFT JOIN (
        SELECT * FROM counted_groups(p_model := $p_model, p_corpus := $p_corpus, p_property := $a, p_frames := $p_frames)
        UNION ALL
        SELECT * FROM counted_groups(p_model := $p_model, p_corpus := $p_corpus, p_property := $b, p_frames := $p_frames)
    ) AS g
        ON
            a.model = g.model AND a.grid = g.grid AND a.property = g.property AND a."group" = g."group"
            AND $p_frames = 'reference'
    GROUP BY a.model, a.grid, a.property, a."group", a.within_group
),
active AS (
    SELECT a.model, a.grid, n.layer, a.property, a."group", a.within_group, n.neuron, count(*) AS n_phones_active
    FROM counted AS n
    INNER JOIN asked AS a ON n.model = a.model AND n.cell_id = a.cell_id AND a.grid = layer_grid(n.model, n.layer)
    WHERE responds(n.n_active, a.n_frames, n.model, n.layer, $p_lambda, $p_baseline, $p_z)
    GROUP BY ALL
),
found AS (
    SELECT c.model, c.layer, c.property, c.within_group, any_value(c."group") AS "group", c.neuron
    FROM active AS c
    INNER JOIN groups AS g
        ON
            c.model = g.model AND c.grid = g.grid AND c.property = g.property AND c."group" = g."group"
            AND c.within_group = g.within_group
    WHERE c.n_phones_active >= CAST($p_sigma AS DOUBLE) * g.n_phones - 1e-9
    GROUP BY c.model, c.layer, c.property, c.within_group, c.neuron
    HAVING count(*) = 1
)
SELECT model, CAST(NULL AS INTEGER) AS grid, layer, property, within_group, "group", neuron
FROM found
UNION ALL
SELECT model, grid, CAST(NULL AS INTEGER), property, within_group, "group", CAST(NULL AS INTEGER)
FROM groups
