-- p by phone of one neuron.
-- Columns:
--   p: share of the frames of the phone in the group that activate the neuron; phones that never do have no row
SELECT p.model, p.layer, p.property, p."group", p.phone, p.neuron, p.n_active, p.n_frames, p.p, p.p_low, p.p_high
FROM $activation_probabilities AS p
WHERE p.layer = $layer AND p.neuron = $neuron
ORDER BY p.p DESC, p."group", p.phone
