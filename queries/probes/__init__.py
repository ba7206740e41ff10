"""Probes: what a label can be predicted from, layer by layer and neuron by neuron ([B] §3)."""
