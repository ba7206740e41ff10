-- p by phone of the strongest neuron of each group, with its intervals.
-- Columns:
--   p: share of the frames of the phone in the group that activate the neuron
--   p_low: Wilson lower bound
--   p_high: Wilson upper bound
--   chance: k/D; a neuron responds to a phone where p exceeds it, or p_baseline
SELECT
    p.model,
    p.property,
    p."group",
    p.layer,
    p.neuron,
    p.phone,
    p.p,
    p.p_low,
    p.p_high,
    l.top_k / l.n_neurons AS chance,
    p.n_active,
    p.n_frames
FROM $activation_probabilities AS p
INNER JOIN (VALUES $strongest) AS s (model, property, "group", layer, neuron)
    ON p.model = s.model AND p.property = s.property AND p."group" = s."group" AND p.layer = s.layer AND p.neuron = s.neuron
INNER JOIN layers AS l ON p.model = l.model AND p.layer = l.layer
ORDER BY p.model, p.property, p."group", p.p DESC, p.phone
