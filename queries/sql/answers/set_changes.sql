-- Set changes: the neurons that joined or left a property's groups from one model to another, its fine-tuned self.
--
-- p_model is the model before, p_other the one after; without them every ordered pair of models is compared. Compared
-- are layers that both models have, with the same number and as many neurons. Neuron j of one is then neuron j of the
-- other only if both started from the same weights: between other models the numbers mean nothing. Both should have
-- recorded the same speech; p_corpus chooses what both have. Neurons that stayed in their group have no row.
-- Grain: (model, other, layer, property, neuron).
-- Paper: none; the sets are those of [A] eq. 4.
-- Types: model VARCHAR, other VARCHAR, layer INTEGER, property VARCHAR, neuron INTEGER, group_before VARCHAR,
--   group_after VARCHAR, change VARCHAR
-- Parameters: p_other
-- Columns:
--   model: name of the model before
--   other: name of the model after
--   layer: layer of both, from 1
--   property: name of the property
--   neuron: neuron of the layer, from 0
--   group_before: group of which it is a group neuron in the model before; NULL = of none
--   group_after: group of which it is a group neuron in the model after; NULL = of none
--   change: joined (of a group only after), left (only before), moved (of one group before, of another one after)
WITH found AS MATERIALIZED (
    FROM compared_neurons(
        p_model := p_model, p_other := p_other, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer,
        p_frames := p_frames, p_lambda := p_lambda, p_sigma := p_sigma, p_baseline := p_baseline,
        p_min_frames := p_min_frames, p_z := p_z, p_where := p_where
    )
),
pairs AS (
    SELECT a.model, b.model AS other, CAST(a.layer AS INTEGER) AS layer
    FROM layers AS a
    INNER JOIN layers AS b ON a.layer = b.layer AND a.n_neurons = b.n_neurons AND a.model <> b.model
    WHERE (p_model IS NULL OR a.model = p_model) AND (p_other IS NULL OR b.model = p_other)
),
before AS (
    SELECT p.model, p.other, p.layer, f.property, f.neuron, f."group"
    FROM pairs AS p
    INNER JOIN found AS f ON p.model = f.model AND p.layer = f.layer
),
after AS (
    SELECT p.model, p.other, p.layer, f.property, f.neuron, f."group"
    FROM pairs AS p
    INNER JOIN found AS f ON p.other = f.model AND p.layer = f.layer
)
SELECT
    coalesce(b.model, a.model) AS model,
    coalesce(b.other, a.other) AS other,
    coalesce(b.layer, a.layer) AS layer,
    coalesce(b.property, a.property) AS property,
    coalesce(b.neuron, a.neuron) AS neuron,
    b."group" AS group_before,
    a."group" AS group_after,
    CASE WHEN b."group" IS NULL THEN 'joined' WHEN a."group" IS NULL THEN 'left' ELSE 'moved' END AS change
FROM before AS b
FULL JOIN after AS a
    ON
        b.model = a.model AND b.other = a.other AND b.layer = a.layer
        AND b.property = a.property AND b.neuron = a.neuron
WHERE b."group" IS DISTINCT FROM a."group"
UNION ALL BY NAME
FROM checked_pair(
    p_model := p_model, p_other := p_other, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer,
    p_frames := p_frames, p_lambda := p_lambda, p_sigma := p_sigma, p_baseline := p_baseline,
    p_min_frames := p_min_frames, p_z := p_z
)
