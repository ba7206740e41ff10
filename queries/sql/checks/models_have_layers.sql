-- Every model has its layers: numbered from 1 without gaps, as many as the model says, each with its k of D neurons.
--
-- k is max(1, floor(λ·D/100 + 0.5)).
-- Grain: (model, layer) whose row is wrong; layer is NULL where layers are missing or too many.
-- Columns:
--   model: name of the model
--   layer: layer
--   found: what is there
--   expected: what should be there
SELECT m.model, CAST(NULL AS SMALLINT) AS layer, count(DISTINCT l.layer) AS found, m.n_layers AS expected
FROM models AS m
LEFT JOIN layers AS l ON m.model = l.model AND l.layer BETWEEN 1 AND m.n_layers
GROUP BY m.model, m.n_layers
HAVING count(DISTINCT l.layer) <> m.n_layers OR count(l.layer) <> m.n_layers OR m.n_layers = 0
UNION ALL
SELECT
    l.model,
    l.layer,
    l.top_k AS found,
    CASE WHEN m.model IS NOT NULL THEN greatest(1, floor(m.lambda_pct * l.n_neurons / 100 + 0.5)) END AS expected
FROM layers AS l
LEFT JOIN models AS m ON l.model = m.model
WHERE
    m.model IS NULL
    OR l.layer NOT BETWEEN 1 AND m.n_layers
    OR l.top_k <> greatest(1, floor(m.lambda_pct * l.n_neurons / 100 + 0.5))
