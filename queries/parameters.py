"""The parameters of the macros, with their defaults and meanings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameter:
    """A parameter of the macros.

    Attributes:
        default: SQL text of its default.
        meaning: what it does, for the comments and the documentation.
    """

    default: str
    meaning: str


PARAMETERS: dict[str, Parameter] = {  # those that every answer takes
    "p_model": Parameter("NULL", "name of a model; NULL = every model, each in rows of its own"),
    "p_corpus": Parameter("NULL", "name of a corpus; NULL = the frames of all corpora together"),
    "p_property": Parameter("NULL", "name of a property; NULL = every property, each in rows of its own"),
    "p_layer": Parameter("NULL", "number of a layer; NULL = every layer"),
    "p_frames": Parameter(
        "'all'",
        "which frames count: 'all'; 'middle' = the middle frame of every run of equal phones; 'reference' = the same "
        "without the last run of an utterance, over the declared phones, as the authors' code reads them",
    ),
    "p_lambda": Parameter("NULL", "percent of a layer's neurons that a frame activates; NULL = as recorded"),
    "p_sigma": Parameter("0.8", "share of a group's phones that a neuron must respond to"),
    "p_baseline": Parameter("NULL", "probability that must be exceeded; NULL = chance, k/D of the layer"),
    "p_min_frames": Parameter("NULL", "a phone with fewer frames in a group counts as not seen; NULL = 1"),
    "p_z": Parameter("NULL", "z at which the Wilson lower bound must exceed the baseline; NULL = the estimate must"),
    "p_where": Parameter("NULL", "condition over the columns of frame_facts: only frames that satisfy it count"),
}

FURTHER_PARAMETERS: dict[str, Parameter] = {  # those that an answer takes, too, when its file lists them
    "p_other": Parameter("NULL", "name of a model to compare with; NULL = every other model, each in rows of its own"),
}

LOOKUP_PARAMETERS: dict[str, Parameter] = {  # and those that only lookups take
    "p_neuron": Parameter("NULL", "number of a neuron, from 0; must be given"),
    "p_limit": Parameter("20", "rows to return of each model and layer, the first ones"),
}

PROBE_PARAMETERS: dict[str, Parameter] = {  # and those of what is asked about probes, where the file lists them
    "p_probe": Parameter("NULL", "identifier of a probe; NULL = every probe"),
    "p_label": Parameter("NULL", "name of a label; NULL = probes of every label"),
    "p_kind": Parameter(
        "NULL", "what the features are: 'block' = outputs of blocks, 'ffn' = feed-forward neurons; NULL = both"
    ),
    "p_delta": Parameter("1", "points of accuracy below the oracle that are as good as it"),
    "p_enough": Parameter("97", "percent of the oracle's accuracy from which the rest is redundant"),
    "p_near": Parameter("5", "points of accuracy below the top features that are as good as they"),
    "p_choice": Parameter(
        "'smallest'", "which minimal set: 'smallest', or 'paper' = the most accurate of those within p_delta points"
    ),
}
ALL_PARAMETERS = PARAMETERS | FURTHER_PARAMETERS | LOOKUP_PARAMETERS | PROBE_PARAMETERS
