"""Masks: sets of neurons as data that training scripts apply, and the ways to make, combine, save and load them."""

from queries.masks.budget import keep_mask
from queries.masks.mask import Kind, Mask, MaskLayer
from queries.masks.scores import l1_scores

__all__ = ["Kind", "Mask", "MaskLayer", "keep_mask", "l1_scores"]
