-- Other rankings: the most selective neuron of each layer by each of four measures.
-- Columns:
--   ranking: lape: entropy over groups, low is selective; mean_difference: of the groups' p, summed over pairs; mutual_information: of being active and the group, bits; property_neurons: share of a group's phones responded to, less the next group's
--   group: that the neuron prefers
--   score: the measure
--   p_max: largest p given a group
SELECT model, property, layer, ranking, neuron, "group", score, p_max
FROM $rankings
WHERE rank = 1 AND $of_properties
ORDER BY model, property, layer, ranking
