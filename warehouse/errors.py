"""The one exception family: every message says what was wrong, where, and what to do about it."""


class WarehouseError(Exception):
    """A mistake the user can mend: one line that names the file, row or utterance, and the remedy.

    Everything the project raises on purpose derives from this class, so a program catches one name and
    the command line prints one line instead of a traceback.
    """


class FormatError(WarehouseError):
    """A folder that is no warehouse, one of another version, or one whose files were damaged."""


class CorpusError(WarehouseError):
    """Audio, labels or metadata that cannot be used as they are; names the file, row or utterance."""


class ModelError(WarehouseError):
    """A model that cannot be loaded, whose layers cannot be found, or that gives unusable activations."""


class QueryError(WarehouseError):
    """A question that cannot be answered: an unknown name, a value out of range, a refused statement."""


class MaskError(WarehouseError):
    """A mask that cannot be made, read, or applied: an empty set, a damaged file, a model that it is not for."""


def first_line(error: Exception) -> str:
    """What another library's error says, as part of a message of ours: its first line, cut where it is long."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
