-- Model comparison: how many neurons each group of a property has in two models side by side, and how many they share.
--
-- Every pair of models has a row for every layer of either and every group that recorded frames of either have, also
-- where both sets are empty; and one in which the group is NULL, for the property neurons of all groups, among them
-- those that are of one group here and of another there. With p_model the pairs that this model is in, with p_other the
-- one with that model. Neurons are compared where both models have the layer, and as many neurons in it; that means
-- something only for models that started from the same weights. Elsewhere n_neurons and what follows from it are NULL.
-- Grain: (model_a, model_b, layer, property, group), model_a before model_b in the alphabet.
-- Paper: none; the sets are those of [A] eq. 4 and 5.
-- Types: model_a VARCHAR, model_b VARCHAR, layer INTEGER, property VARCHAR, group VARCHAR, n_neurons INTEGER,
--   n_a BIGINT, n_b BIGINT, n_both BIGINT, n_either BIGINT, jaccard DOUBLE, expected_both DOUBLE
-- Parameters: p_other
-- Columns:
--   model_a: one model
--   model_b: another one, later in the alphabet
--   layer: layer, from 1
--   property: name of the property
--   group: group of the property; NULL = all of them, the property neurons
--   n_neurons: neurons of the layer in both models, D; NULL = the layers cannot be compared
--   n_a: neurons of the set in model_a; NULL = it has no such layer
--   n_b: neurons of the set in model_b; NULL = it has no such layer
--   n_both: neurons that are in the set in both models
--   n_either: neurons that are in the set in one of the models or both
--   jaccard: n_both / n_either; NULL where both sets are empty
--   expected_both: what two sets of these sizes share when they are drawn by lot, n_a n_b / D
WITH found AS MATERIALIZED (
    FROM compared_neurons(
        p_model := p_model, p_other := p_other, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer,
        p_frames := p_frames, p_lambda := p_lambda, p_sigma := p_sigma, p_baseline := p_baseline,
        p_min_frames := p_min_frames, p_z := p_z, p_where := p_where
    )
),
pairs AS (
    SELECT a.model AS model_a, b.model AS model_b
    FROM models AS a
    INNER JOIN models AS b ON a.model < b.model
    WHERE
        (p_model IS NULL OR p_model IN (a.model, b.model))
        AND (p_other IS NULL OR p_other IN (a.model, b.model))
),
sites AS (
    SELECT
        p.model_a,
        p.model_b,
        CAST(l.layer AS INTEGER) AS layer,
        any_value(l.n_neurons) FILTER (WHERE l.model = p.model_a) AS width_a,
        any_value(l.n_neurons) FILTER (WHERE l.model = p.model_b) AS width_b
    FROM pairs AS p
    INNER JOIN layers AS l ON l.model IN (p.model_a, p.model_b)
    WHERE p_layer IS NULL OR l.layer = CAST(p_layer AS INTEGER)
    GROUP BY ALL
),
groups AS (
    SELECT DISTINCT p.model_a, p.model_b, c.property, c."group"
    FROM pairs AS p
    INNER JOIN frame_counts AS c ON c.model IN (p.model_a, p.model_b) AND (p_corpus IS NULL OR c.corpus = p_corpus)
    UNION ALL
    SELECT p.model_a, p.model_b, d.property, NULL AS "group"
    FROM pairs AS p
    CROSS JOIN properties AS d
),
sets AS (
    FROM found
    UNION ALL
    SELECT model, layer, property, NULL AS "group", neuron
    FROM found
),
sizes AS (SELECT model, layer, property, "group", count(*) AS n FROM sets GROUP BY ALL),
shared AS (
    SELECT a.model AS model_a, b.model AS model_b, a.layer, a.property, a."group", count(*) AS n
    FROM sets AS a
    INNER JOIN sets AS b
        ON
            a.layer = b.layer AND a.property = b.property AND a.neuron = b.neuron
            AND a."group" IS NOT DISTINCT FROM b."group" AND a.model < b.model
    GROUP BY ALL
),
counted AS (
    SELECT
        s.model_a,
        s.model_b,
        s.layer,
        g.property,
        g."group",
        CASE WHEN s.width_a = s.width_b THEN s.width_a END AS n_neurons,
        CASE WHEN s.width_a IS NOT NULL THEN coalesce(a.n, 0) END AS n_a,
        CASE WHEN s.width_b IS NOT NULL THEN coalesce(b.n, 0) END AS n_b,
        CASE WHEN s.width_a = s.width_b THEN coalesce(h.n, 0) END AS n_both
    FROM sites AS s
    INNER JOIN groups AS g
        ON s.model_a = g.model_a AND s.model_b = g.model_b AND (p_property IS NULL OR g.property = p_property)
    LEFT JOIN sizes AS a
        ON
            s.model_a = a.model AND s.layer = a.layer AND g.property = a.property
            AND g."group" IS NOT DISTINCT FROM a."group"
    LEFT JOIN sizes AS b
        ON
            s.model_b = b.model AND s.layer = b.layer AND g.property = b.property
            AND g."group" IS NOT DISTINCT FROM b."group"
    LEFT JOIN shared AS h
        ON
            s.model_a = h.model_a AND s.model_b = h.model_b AND s.layer = h.layer AND g.property = h.property
            AND g."group" IS NOT DISTINCT FROM h."group"
)
SELECT
    model_a,
    model_b,
    layer,
    property,
    "group",
    n_neurons,
    n_a,
    n_b,
    n_both,
    n_a + n_b - n_both AS n_either,
    n_both / nullif(n_a + n_b - n_both, 0) AS jaccard,
    CAST(n_a AS DOUBLE) * n_b / n_neurons AS expected_both
FROM counted
UNION ALL BY NAME
SELECT model AS model_a
FROM checked_pair(
    p_model := p_model, p_other := p_other, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer,
    p_frames := p_frames, p_lambda := p_lambda, p_sigma := p_sigma, p_baseline := p_baseline,
    p_min_frames := p_min_frames, p_z := p_z
)
