"""Editing a model with masks: neurons erased, replaced by their means, or pruned away, in any framework of torch."""

from queries.editing.erase import erase, erased
from queries.editing.means import neuron_means
from queries.editing.prune import prune
from queries.editing.pruned_files import load_pruned, save_pruned
from queries.editing.schedule import PruningStep, pruning_schedule
from queries.editing.sites import check
from queries.editing.weights import weights_checksum

__all__ = [
    "PruningStep",
    "check",
    "erase",
    "erased",
    "load_pruned",
    "neuron_means",
    "prune",
    "pruning_schedule",
    "save_pruned",
    "weights_checksum",
]
