"""The basket: named sets of neurons of a warehouse that are gathered, combined, previewed and exported as masks.

::

    from queries.basket import Basket

    female = Basket.of("study.warehouse")["female"]
    female.mask.save("erase-female.safetensors")
"""

from queries.basket.export import FileExistsAlreadyError, export, with_suffix_of
from queries.basket.folder import basket_folder
from queries.basket.neuron_set import NeuronSet
from queries.basket.plan import Plan, Taken, planned, scores_of, taken
from queries.basket.store import HOW, Basket, Change, How

__all__ = [
    "HOW",
    "Basket",
    "Change",
    "FileExistsAlreadyError",
    "How",
    "NeuronSet",
    "Plan",
    "Taken",
    "basket_folder",
    "export",
    "planned",
    "scores_of",
    "taken",
    "with_suffix_of",
]
