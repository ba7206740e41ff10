"""Masks: sets of neurons as data that training scripts apply, and the ways to make, combine, save and load them.

::

    from queries import connect
    from queries.masks import Mask, select

    with connect("study.warehouse") as con:
        select(con, ["gender=F"], p_sigma=0.9).save("erase-female.safetensors")
"""

from queries.masks.budget import keep_mask
from queries.masks.fills import probability_scores, random_scores
from queries.masks.from_file import mask_from_file
from queries.masks.from_ranking import mask_from_ranking
from queries.masks.layers import MaskLayer
from queries.masks.mask import Kind, Mask
from queries.masks.recorded import mask_layers
from queries.masks.scores import l1_scores
from queries.masks.select import select, whole_model

__all__ = [
    "Kind",
    "Mask",
    "MaskLayer",
    "keep_mask",
    "l1_scores",
    "mask_from_file",
    "mask_from_ranking",
    "mask_layers",
    "probability_scores",
    "random_scores",
    "select",
    "whole_model",
]
