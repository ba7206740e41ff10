"""Terms that name neurons: ``gender`` are all property neurons of gender, ``gender=F`` the group neurons of F."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection

SHOWN_GROUPS = 50
"""Groups that are listed when one is not found."""

_GROUPS = 'SELECT DISTINCT "group" FROM frame_counts WHERE property = $property AND model = $model'


@dataclass(frozen=True)
class Term:
    """Neurons by name.

    Attributes:
        property: name of a property.
        group: one of its groups; None = all together.
    """

    property: str
    group: str | None = None

    def __str__(self) -> str:
        """The term as it is written."""
        return self.property if self.group is None else f"{self.property}={self.group}"


def read_terms(con: "Connection", texts: Sequence[str], model: str) -> list[Term]:
    """Read terms, several in one text with commas between.

    A name with a comma or ``=`` in it is found too, when the text is that term alone.

    Args:
        con: an open warehouse.
        texts: such as ``["gender=F", "phone=AA,phone=IY"]``.
        model: name of the model, whose frames say which groups there are.

    Raises:
        QueryError: an unknown property or group, with those that exist, or no term at all.
    """
    labels = dict(con.sql("SELECT property, labels FROM properties").fetchall())
    groups = {
        name: {group for (group,) in con.sql(_GROUPS, {"property": name, "model": model}).fetchall()}
        | set(labels[name] or ())
        for name in labels
        if any(name in text for text in texts)
    }
    found = [term for text in texts for term in _of_text(text, groups, sorted(labels))]
    if not found:
        raise QueryError(f"no property is named; there are: {', '.join(sorted(labels))}")
    return list(dict.fromkeys(found))


def _of_text(text: str, groups: dict[str, set[str]], known: Sequence[str]) -> Iterator[Term]:
    whole = next(_readings(text.strip(), groups), None)
    if whole is not None:
        yield whole
        return
    for part in filter(None, (part.strip() for part in text.split(","))):
        yield next(_readings(part, groups), None) or _refused(part, groups, known)


def _readings(text: str, groups: dict[str, set[str]]) -> Iterator[Term]:
    """The terms of existing properties and groups that a text can be."""
    if text in groups:
        yield Term(text)
    for at, sign in enumerate(text):
        if sign == "=" and text[at + 1 :] in groups.get(text[:at], ()):
            yield Term(text[:at], text[at + 1 :])


def _refused(text: str, groups: dict[str, set[str]], known: Sequence[str]) -> Term:
    name, sign, group = text.partition("=")
    if name not in known:
        raise QueryError(f"there is no property {name}; there are: {', '.join(known) or 'none'}")
    listed = sorted(groups[name])
    more = f" and {len(listed) - SHOWN_GROUPS} more" if len(listed) > SHOWN_GROUPS else ""
    raise QueryError(
        f"property {name} has no group {group if sign else text!r}; there are: "
        f"{', '.join(listed[:SHOWN_GROUPS]) or 'none'}{more}"
    )
