-- Group neurons of a layer, with the mean of p over the phones of each group.
--
-- Columns:
--   n_phones_active: phones of the group that the neuron responds to
--   n_phones: phones of the group
--   p: mean of p over the phones of the group
--   next_group: the other group in which that mean is largest
--   next_p: that mean
WITH own AS (SELECT neuron, "group" FROM $group_neurons),
means AS (
    SELECT p.neuron, p."group", sum(p.p) / any_value(g.n_phones) AS mean_p
    FROM $activation_probabilities AS p
    INNER JOIN $counted_groups AS g ON p."group" = g."group"
    SEMI JOIN own AS o ON p.neuron = o.neuron
    GROUP BY p.neuron, p."group"
)
SELECT
    $layer AS layer,
    o.neuron,
    o."group",
    any_value(c.n_phones_active) AS n_phones_active,
    any_value(c.n_phones) AS n_phones,
    coalesce(max(m.mean_p) FILTER (m."group" = o."group"), 0) AS p,
    arg_max(m."group", m.mean_p) FILTER (m."group" <> o."group") AS next_group,
    max(m.mean_p) FILTER (m."group" <> o."group") AS next_p$columns
FROM own AS o
INNER JOIN $group_candidates AS c ON o.neuron = c.neuron AND o."group" = c."group"
LEFT JOIN means AS m ON o.neuron = m.neuron$condition
GROUP BY o.neuron, o."group"
ORDER BY $order, p - coalesce(next_p, 0) DESC, o.neuron
