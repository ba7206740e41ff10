"""What to say where a number cannot be given."""

from queries.certainty.labels import Labels


def why_not(labels: Labels) -> str | None:
    """Why groups cannot be compared at all; None when they can."""
    name = labels.question.name
    seen = [labels.groups[place] for place in sorted(set(labels.rows["group"]))]
    if not seen:
        return f"no frame that counts has a group of {name}"
    if len(seen) == 1:
        return f"{name} has one group here, {seen[0]}; there is nothing to compare it with"
    return None


def alone(labels: Labels) -> str | None:
    """What to say of utterances whose speaker is unknown."""
    if not labels.unknown:
        return None
    return f"{labels.unknown} utterances have no speaker, and each counts as a speaker of its own"


def joined(*notes: str | None) -> str | None:
    """Notes as one, or None."""
    return "; ".join(note for note in notes if note) or None
