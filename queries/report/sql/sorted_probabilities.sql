-- Activation probabilities of one phone, the most active neurons first.
-- Columns:
--   p: share of the phone's frames that activate the neuron; neurons that none activates have no row
SELECT model, layer, phone, neuron, n_active, n_frames, p, p_low, p_high
FROM $activation_probabilities
WHERE phone = $phone AND layer IN ($layers)
ORDER BY layer, p DESC, neuron
