-- Layer profiles: how many neurons of each layer respond to each group of a property, by every notion of responding.
--
-- Every layer has a row for every group, also where no neuron responds. A property that no counted frame has a group
-- of has one row a layer, in which the group is NULL.
-- Grain: (model, layer, property, group).
-- Paper: [A] §3.2, §4.1, fig. 7.
-- Types: model VARCHAR, layer INTEGER, property VARCHAR, group VARCHAR, n_neurons INTEGER, n_frames BIGINT,
--   n_phones BIGINT, n_pattern BIGINT, mean_pattern DOUBLE, n_candidates BIGINT, n_group_neurons BIGINT
-- Columns:
--   model: name of the model
--   layer: layer, from 1
--   property: name of the property
--   group: group of the property; NULL = no frame that counts has one
--   n_neurons: neurons of the layer, D
--   n_frames: frames of the group that count
--   n_phones: phones of the group, of which a candidate must respond to the share p_sigma
--   n_pattern: neurons that respond to at least one phone of the group, the size of the union of its S_k
--   mean_pattern: neurons that respond to a phone of the group, on average over its n_phones phones; NULL without any
--   n_candidates: candidates of the group, the size of N_i
--   n_group_neurons: group neurons, the size of G_i
WITH groups AS (
    FROM counted_groups(
        p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer,
        p_frames := p_frames, p_min_frames := p_min_frames, p_where := p_where
    )
),
frames_of AS (
    SELECT model, grid, property, "group", CAST(sum(n_frames) AS BIGINT) AS n_frames
    FROM counted_cells(
        p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer,
        p_frames := p_frames, p_min_frames := p_min_frames, p_where := p_where
    )
    GROUP BY ALL
),
counted AS (
    SELECT layer, group_id, neuron, count(*) AS n_phones_active
    FROM active_cells(
        p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer, p_frames := p_frames,
        p_lambda := p_lambda, p_baseline := p_baseline, p_min_frames := p_min_frames, p_z := p_z, p_where := p_where
    )
    GROUP BY layer, group_id, neuron
),
judged AS MATERIALIZED (
    SELECT
        g.model,
        c.layer,
        g.property,
        g."group",
        c.neuron,
        c.n_phones_active,
        c.n_phones_active >= CAST(p_sigma AS DOUBLE) * g.n_phones - 1e-9 AS is_candidate
    FROM counted AS c
    INNER JOIN groups AS g ON c.group_id = g.group_id
),
sizes AS (
    SELECT
        model,
        layer,
        property,
        "group",
        count(*) AS n_pattern,
        CAST(sum(n_phones_active) AS BIGINT) AS n_responses,
        count(*) FILTER (WHERE is_candidate) AS n_candidates
    FROM judged
    GROUP BY ALL
),
of_one_group AS (
    SELECT model, layer, property, any_value("group") AS "group", neuron
    FROM judged
    WHERE is_candidate
    GROUP BY model, layer, property, neuron
    HAVING count(*) = 1
),
own AS (SELECT model, layer, property, "group", count(*) AS n FROM of_one_group GROUP BY ALL)
SELECT
    l.model,
    CAST(l.layer AS INTEGER) AS layer,
    p.property,
    g."group",
    l.n_neurons,
    coalesce(f.n_frames, 0) AS n_frames,
    coalesce(g.n_phones, 0) AS n_phones,
    coalesce(s.n_pattern, 0) AS n_pattern,
    coalesce(s.n_responses, 0) / g.n_phones AS mean_pattern,
    coalesce(s.n_candidates, 0) AS n_candidates,
    coalesce(o.n, 0) AS n_group_neurons
FROM layers AS l
INNER JOIN properties AS p
    ON
        (p_model IS NULL OR l.model = p_model)
        AND (p_layer IS NULL OR l.layer = CAST(p_layer AS INTEGER))
        AND (p_property IS NULL OR p.property = p_property)
LEFT JOIN groups AS g
    ON
        l.model = g.model AND p.property = g.property
        AND g.grid = layer_grid(coalesce(p_model, only_model(), l.model), CAST(l.layer AS INTEGER))
LEFT JOIN frames_of AS f
    ON g.model = f.model AND g.grid = f.grid AND g.property = f.property AND g."group" = f."group"
LEFT JOIN sizes AS s ON l.model = s.model AND l.layer = s.layer AND g.property = s.property AND g."group" = s."group"
LEFT JOIN own AS o ON l.model = o.model AND l.layer = o.layer AND g.property = o.property AND g."group" = o."group"
UNION ALL BY NAME
FROM checked_parameters(
    p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer, p_frames := p_frames,
    p_lambda := p_lambda, p_sigma := p_sigma, p_baseline := p_baseline, p_min_frames := p_min_frames, p_z := p_z
)
