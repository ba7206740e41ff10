"""Questions about one probe: SQL from a file each, with the probe, a layer and a class in it."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from queries.sql_files import SqlFile, parse
from warehouse.properties import quote


@dataclass(frozen=True)
class Ranked:
    """Which ranking of a probe.

    Attributes:
        probe: identifier of the probe.
        layer: layer whose features are ranked; None = those of all layers together.
        of_class: class that they speak for or against; None = all classes together.
    """

    probe: str
    layer: int | None = None
    of_class: str | None = None


def question(name: str, about: Ranked | None = None, n: int = 0) -> str:
    """A question as ``neurons sql`` takes it.

    Args:
        name: of the file.
        about: the probe, and the ranking where the question is of one.
        n: features, where the question is about the first ones.
    """
    if about is None:
        return _file(name).body
    places = {
        "probe": quote(about.probe),
        "layer": "NULL" if about.layer is None else str(about.layer),
        "class": "NULL" if about.of_class is None else quote(about.of_class),
        "n": str(n),
    }
    return _file(name).with_places(places)


@cache
def _file(name: str) -> SqlFile:
    text = files("queries").joinpath("probe_card", "sql", f"{name}.sql").read_text(encoding="utf-8")
    return parse(name, "probe_card", text)
