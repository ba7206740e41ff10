-- A neuron among those of its layer: its p over all frames of each group, beside that of every neuron of the layer.
-- Grain: (group).
-- Paper: none.
-- Columns:
--   p: share of the group's frames that activate the neuron
--   n_below: neurons of the layer with a smaller p
--   n_equal: other neurons of the layer with the same p
--   n_neurons: neurons of the layer, D, those that are never active included
--   quantiles: of p over the layer, at 5, 25, 50, 75 and 95 %
--   p_max: largest p of the layer
WITH sizes AS (
    SELECT "group", sum(n_frames) AS n_frames FROM $counted_cells GROUP BY "group"
),
active AS (
    SELECT "group", neuron, sum(n_active) AS n_active FROM $activation_probabilities GROUP BY "group", neuron
),
everyone AS (
    SELECT s."group", n.neuron, coalesce(a.n_active, 0) / s.n_frames AS p
    FROM sizes AS s
    CROSS JOIN (
        SELECT unnest(range(n_neurons)) AS neuron FROM layers WHERE model = $model AND layer = $layer
    ) AS n
    LEFT JOIN active AS a ON s."group" = a."group" AND n.neuron = a.neuron
),
one AS (
    SELECT "group", p FROM everyone WHERE neuron = $neuron
)
SELECT
    e."group",
    any_value(o.p) AS p,
    count(*) FILTER (e.p < o.p) AS n_below,
    count(*) FILTER (e.p = o.p AND e.neuron <> $neuron) AS n_equal,
    count(*) AS n_neurons,
    quantile_cont(e.p, [0.05, 0.25, 0.5, 0.75, 0.95]) AS quantiles,
    max(e.p) AS p_max
FROM everyone AS e
INNER JOIN one AS o ON e."group" = o."group"
GROUP BY e."group"
UNION ALL BY NAME
SELECT CAST(NULL AS VARCHAR) AS "group" FROM checked_lookup(p_model := $model, p_layer := $layer, p_neuron := $neuron)
ORDER BY "group"
