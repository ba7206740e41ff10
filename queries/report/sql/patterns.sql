-- Activation patterns S_k: the neurons that respond to a phone in a group.
FROM $activation_patterns
WHERE $of_properties
ORDER BY layer, property, "group", phone, neuron
