"""The neuron screen."""
