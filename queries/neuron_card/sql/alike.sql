-- The neurons most like a neuron, layer by layer: those whose p varies alike over the cells (group, phone).
--
-- A cell in which a neuron is never active counts as p = 0. The neuron itself is left out, and so are layers whose
-- frames are not those of its own layer: their cells are others.
-- Grain: (layer, neuron).
-- Paper: none.
-- Columns:
--   correlation: Pearson's, of p over all cells that count; NULL = p is the same in every cell
--   cosine: of the two vectors of p
--   place: 1 = the most alike of the layer, by correlation; of equal ones the lower neuron first
WITH target AS (
    SELECT "group", phone, p FROM $activation_probabilities WHERE neuron = $neuron
),
cells AS (
    SELECT count(*) AS n FROM $counted_cells
),
whole AS (
    SELECT any_value(c.n) AS n, coalesce(fsum(t.p), 0) AS x, coalesce(fsum(t.p * t.p), 0) AS xx
    FROM cells AS c
    LEFT JOIN target AS t ON true
),
summed AS (
    SELECT NULL AS layer, NULL AS neuron, NULL AS y, NULL AS yy, NULL AS xy WHERE false
    -- for each layer
    UNION ALL
    SELECT o.layer, o.neuron, fsum(o.p), fsum(o.p * o.p), coalesce(fsum(o.p * t.p), 0)
    FROM $of_layer AS o
    LEFT JOIN target AS t ON o."group" = t."group" AND o.phone = t.phone
    WHERE layer_grid($model, $layer) = layer_grid($model, o.layer)
    GROUP BY o.layer, o.neuron
    -- end
),
spread AS (
    SELECT
        s.layer,
        s.neuron,
        s.xy - s.y * w.x / w.n AS shared,
        s.xy / nullif(sqrt(w.xx * s.yy), 0) AS cosine,
        CASE WHEN w.xx - w.x * w.x / w.n > 1e-9 * w.xx THEN w.xx - w.x * w.x / w.n END AS of_target,
        CASE WHEN s.yy - s.y * s.y / w.n > 1e-9 * s.yy THEN s.yy - s.y * s.y / w.n END AS of_other
    FROM summed AS s
    CROSS JOIN whole AS w
    WHERE NOT (s.layer = $layer AND s.neuron = $neuron)
)
SELECT
    $model AS model,
    CAST(layer AS INTEGER) AS layer,
    CAST(neuron AS INTEGER) AS neuron,
    round(shared / sqrt(of_target * of_other), 12) AS correlation,
    round(cosine, 12) AS cosine,
    row_number() OVER (
        PARTITION BY layer ORDER BY round(shared / sqrt(of_target * of_other), 12) DESC NULLS LAST, neuron
    ) AS place
FROM spread
QUALIFY place <= $limit
UNION ALL BY NAME
FROM checked_lookup(p_model := $model, p_layer := $layer, p_neuron := $neuron)
ORDER BY layer, place
