"""How sure one may be of sets of neurons: chance, resampled speakers, halves of the data, an untrained twin.

This package loads NumPy, SciPy and polars; import it where it is used.
"""

from queries.certainty.bootstrap import bootstrap_membership, bootstrap_sets
from queries.certainty.null import null_neurons, permutation_null
from queries.certainty.probabilities import bootstrap_probabilities
from queries.certainty.stability import stability, stability_by_amount
from queries.certainty.twin import against_twin, standing_out
from queries.certainty.units import LayerCounts, Pieces, unit_counts

__all__ = [
    "LayerCounts",
    "Pieces",
    "against_twin",
    "bootstrap_membership",
    "bootstrap_probabilities",
    "bootstrap_sets",
    "null_neurons",
    "permutation_null",
    "stability",
    "stability_by_amount",
    "standing_out",
    "unit_counts",
]
