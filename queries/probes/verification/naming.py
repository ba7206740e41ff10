"""Which utterance a trial list means: by name, or by the path of its file."""

from collections.abc import Iterable, Sequence

from warehouse.errors import QueryError

_AUDIO = (".flac", ".wav", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aiff", ".aif", ".sph", ".au")


class Named:
    """Utterances, to be found by what others call them.

    A name is looked for as it stands; then without the suffix of an audio file; then as a path of which the utterance
    is the end (``id10270/x6uYqmx31kE/00001.wav`` is ``x6uYqmx31kE/00001``, or ``00001``), or that is the end of the
    utterance's. An utterance of the same file name in another folder is not meant.
    """

    def __init__(self, names: Sequence[str]) -> None:
        """Take the utterances.

        Args:
            names: their names, as in column ``utterance`` of table ``utterances``.
        """
        self._names = names
        self._whole = _places(names)
        self._bare = _places(map(_bare, names))
        self._ends: dict[str, list[int]] | None = None

    def position(self, name: str) -> int:
        """The position of the utterance that is meant, from 0.

        Raises:
            QueryError: there is none, or there are several.
        """
        bare = _bare(name)
        found = self._whole.get(name) or self._bare.get(bare) or self._by_path(bare)
        if len(found) == 1:
            return found[0]
        if not found:
            such = f", such as {self._names[0]!r}" if self._names else ""
            raise QueryError(
                f"there is no utterance {name!r}; take it out of the list, or name it as table utterances does{such}"
            )
        one, other = (self._names[place] for place in found[:2])
        if one == other:
            raise QueryError(f"{len(found)} utterances are called {one!r}; give the trials of one corpus at a time")
        raise QueryError(f"{name!r} may be utterance {one!r} or {other!r}; name it as table utterances does")

    def _by_path(self, bare: str) -> list[int]:
        if self._ends is None:
            self._ends = {}
            for name, places in self._bare.items():
                for end in _ends(name):
                    self._ends.setdefault(end, []).extend(places)
        shorter = [place for end in _ends(bare) for place in self._bare.get(end, [])]
        return shorter + self._ends.get(bare, [])


def _places(names: Iterable[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    return places


def _bare(name: str) -> str:
    """A path with slashes, without an audio file's suffix."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    if parts:
        stem, dot, suffix = parts[-1].rpartition(".")
        if stem and dot + suffix.lower() in _AUDIO:
            parts[-1] = stem
    return "/".join(parts)


def _ends(bare: str) -> list[str]:
    """What is left of a path without its first folder, its first two, and so on."""
    parts = bare.split("/")
    return ["/".join(parts[start:]) for start in range(1, len(parts))]
