"""How sure one may be of sets of neurons: chance, resampled speakers, halves of the data, an untrained twin.

This package loads NumPy, SciPy and polars; import it where it is used.
"""

from queries.certainty.null import null_neurons, permutation_null
from queries.certainty.units import LayerCounts, Pieces, unit_counts

__all__ = ["LayerCounts", "Pieces", "null_neurons", "permutation_null", "unit_counts"]
