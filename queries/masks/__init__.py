"""Masks: sets of neurons as data that training scripts apply, and the ways to make, combine, save and load them."""

from queries.masks.mask import Kind, Mask, MaskLayer

__all__ = ["Kind", "Mask", "MaskLayer"]
