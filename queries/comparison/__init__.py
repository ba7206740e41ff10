"""Models side by side: sizes of their sets, how well their patterns tell groups apart, and what changes between two.

Neuron j of one model is neuron j of another one only if both started from the same weights, such as a pretrained model
and its fine-tuned selves. Sizes and silhouettes compare any models.
"""

from queries.comparison.models import models_by_layer, models_over_layers
from queries.comparison.pairs import pairs_by_layer, pairs_over_layers

__all__ = ["models_by_layer", "models_over_layers", "pairs_by_layer", "pairs_over_layers"]
