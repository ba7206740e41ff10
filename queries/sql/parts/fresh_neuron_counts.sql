-- How often each neuron is active in each cell, with the cell's frames: counted from the activations, at another λ or
-- under a condition.
--
-- One layer at a time, so that the table of counters stays in the cache. The first 256 cells are counted as bytes,
-- for which DuckDB takes an array instead of a hash table. The filter of the counts is always true: it keeps DuckDB
-- from counting before the join, where there is nothing to count. The limit is the number of all labels that frames
-- have: without it DuckDB takes the frames for many more than there are, and hashes the activations instead.
-- Grain: (model, layer, property, group, phone, neuron).
-- Paper: [A] §3.2.
-- Parameters: p_model, p_corpus, p_property, p_layer, p_frames, p_lambda, p_min_frames, p_where
WITH cells AS MATERIALIZED (
    FROM counted_cells(
        p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer,
        p_frames := p_frames, p_min_frames := p_min_frames, p_where := p_where
    )
),
chosen AS MATERIALIZED (
    FROM chosen_frames(p_corpus := p_corpus, p_property := p_property, p_frames := p_frames, p_where := p_where)
),
coded AS MATERIALIZED (
    SELECT f.frame_id, c.cell_id
    FROM chosen AS f
    INNER JOIN (SELECT DISTINCT grid, property, "group", phone, cell_id FROM cells) AS c
        ON f.grid = c.grid AND f.property = c.property AND f."group" = c."group" AND f.phone = c.phone
    LIMIT most_labels()
),
first_cells AS (SELECT frame_id, CAST(cell_id AS UTINYINT) AS cell_id FROM coded WHERE cell_id < 256),
other_cells AS (SELECT frame_id, cell_id FROM coded WHERE cell_id >= 256),
counted AS (
    FROM query(
        array_to_string(
            list_transform(
                fresh_layers(p_model, p_layer, p_lambda, p_where),
                lambda site: 'SELECT ' || literal(site['model']) || ' AS model, ' || site['layer'] || ' AS layer, '
                || 'c.cell_id, a.neuron, count(*) FILTER (WHERE c.cell_id >= 0) AS n_active '
                || 'FROM activations AS a INNER JOIN ' || site['cells'] || ' AS c ON a.frame_id = c.frame_id '
                || 'WHERE a.model = ' || literal(site['model']) || ' AND a.layer = ' || site['layer']
                || ' AND a."rank" < ' || top_k(CAST(p_lambda AS DOUBLE), site['n_neurons'], site['top_k'])
                || ' GROUP BY c.cell_id, a.neuron'
            ),
            ' UNION ALL '
        )
    )
)
SELECT c.model, f.layer, c.property, c."group", c.phone, f.neuron, f.n_active, c.n_frames, c.cell_id, c.group_id
FROM counted AS f
INNER JOIN cells AS c
    ON f.model = c.model AND f.cell_id = c.cell_id AND c.grid = layer_grid(f.model, CAST(f.layer AS INTEGER))
