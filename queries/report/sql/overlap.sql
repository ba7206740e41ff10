-- Overlap: property neurons that two properties share.
-- Columns:
--   n_a: property neurons of property_a
--   n_b: property neurons of property_b
--   n_both: of both
--   expected: of both, if the two sets had nothing to do with each other
--   jaccard: of both / of either; nothing where both sets are empty
SELECT
    m.model,
    m.layer,
    m.property_a,
    m.property_b,
    m.n_a,
    m.n_b,
    m.n_both,
    m.n_a * m.n_b / l.n_neurons AS expected,
    m.n_both / nullif(m.n_a + m.n_b - m.n_both, 0) AS jaccard
FROM $property_overlap AS m
INNER JOIN layers AS l ON m.model = l.model AND m.layer = l.layer
WHERE $of_models AND m.property_a IN ($properties) AND m.property_b IN ($properties)
ORDER BY ALL
