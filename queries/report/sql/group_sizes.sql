-- Layer sizes: how many neurons respond to each group of a property, layer by layer.
--
-- Columns:
--   candidates: N_i, neurons that respond to enough of the group's phones
--   neurons: G_i, candidates of no other group of the property
--   share: G_i as share of the layer's neurons
WITH candidates AS MATERIALIZED (FROM $group_candidates WHERE $of_properties),
counted AS (
    SELECT model, layer, property, neuron, any_value("group") AS "group", count(*) AS n_groups
    FROM candidates
    GROUP BY model, layer, property, neuron
),
seen AS (
    SELECT DISTINCT m.model, property, m."group"
    FROM frame_counts AS m
    WHERE $of_models AND $of_properties AND $of_counted_corpora
)
SELECT
    l.model,
    l.layer,
    s.property,
    s."group",
    coalesce(any_value(n.candidates), 0) AS candidates,
    coalesce(any_value(g.neurons), 0) AS neurons,
    coalesce(any_value(g.neurons), 0) / l.n_neurons AS share
FROM layers AS l
INNER JOIN seen AS s ON l.model = s.model
LEFT JOIN (SELECT model, layer, property, "group", count(*) AS candidates FROM candidates GROUP BY ALL) AS n
    ON l.model = n.model AND l.layer = n.layer AND s.property = n.property AND s."group" = n."group"
LEFT JOIN (
    SELECT model, layer, property, "group", count(*) AS neurons FROM counted WHERE n_groups = 1 GROUP BY ALL
) AS g
    ON l.model = g.model AND l.layer = g.layer AND s.property = g.property AND s."group" = g."group"
GROUP BY l.model, l.layer, s.property, s."group", l.n_neurons
ORDER BY l.model, s.property, l.layer, s."group"
