-- Property overlap: how many property neurons two properties have, and how many they share, layer by layer.
--
-- Every pair of declared properties has a row in every layer, also where both sets are empty. With p_property the
-- pairs that this property is in.
-- Grain: (model, layer, property_a, property_b), property_a before property_b in the alphabet.
-- Paper: [A] fig. 8.
-- Types: model VARCHAR, layer SMALLINT, property_a VARCHAR, property_b VARCHAR, n_a BIGINT, n_b BIGINT, n_both BIGINT
-- Columns:
--   model: name of the model
--   layer: layer, from 1
--   property_a: one property
--   property_b: another one, later in the alphabet
--   n_a: property neurons of property_a
--   n_b: property neurons of property_b
--   n_both: neurons that are property neurons of both
WITH found AS MATERIALIZED (
    FROM property_neurons(
        p_model := p_model, p_corpus := p_corpus, p_layer := p_layer, p_frames := p_frames,
        p_lambda := p_lambda, p_sigma := p_sigma, p_baseline := p_baseline, p_min_frames := p_min_frames,
        p_z := p_z, p_where := p_where
    )
),
sizes AS (SELECT model, layer, property, count(*) AS n FROM found GROUP BY ALL),
shared AS (
    SELECT a.model, a.layer, a.property AS property_a, b.property AS property_b, count(*) AS n
    FROM found AS a
    INNER JOIN found AS b ON a.model = b.model AND a.layer = b.layer AND a.neuron = b.neuron
    WHERE a.property < b.property
    GROUP BY ALL
)
SELECT
    l.model,
    l.layer,
    a.property AS property_a,
    b.property AS property_b,
    coalesce(size_a.n, 0) AS n_a,
    coalesce(size_b.n, 0) AS n_b,
    coalesce(s.n, 0) AS n_both
FROM layers AS l
INNER JOIN properties AS a ON (p_model IS NULL OR l.model = p_model) AND (p_layer IS NULL OR l.layer = p_layer)
INNER JOIN properties AS b ON a.property < b.property
LEFT JOIN sizes AS size_a ON l.model = size_a.model AND l.layer = size_a.layer AND a.property = size_a.property
LEFT JOIN sizes AS size_b ON l.model = size_b.model AND l.layer = size_b.layer AND b.property = size_b.property
LEFT JOIN shared AS s
    ON l.model = s.model AND l.layer = s.layer AND a.property = s.property_a AND b.property = s.property_b
WHERE p_property IS NULL OR p_property IN (a.property, b.property)
UNION ALL BY NAME
FROM checked_parameters(
    p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer, p_frames := p_frames,
    p_lambda := p_lambda, p_sigma := p_sigma, p_baseline := p_baseline, p_min_frames := p_min_frames, p_z := p_z
)
