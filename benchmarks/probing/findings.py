"""What the study found, in sentences whose numbers are those of the tables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Row = dict[str, Any]
Key = tuple[str, str, str]


def findings(found: Mapping[str, Sequence[Row]], keyed: Mapping[str, Key]) -> Iterator[str]:
    """Paragraphs on layers, on how few neurons are enough, on redundancy, and on property neurons.

    Args:
        found: rows of the views.
        keyed: probe -> label, model and kind.
    """
    yield _layers(found["accuracies"], keyed)
    yield _few(found["minimal_sets"], keyed)
    yield _redundancy(found["redundancy"], found["efficacy"], keyed)
    yield _same_neurons(found["properties"], keyed)


def _layers(rows: Sequence[Row], keyed: Mapping[str, Key]) -> str:
    linear = [row for row in rows if row["architecture"] == "linear"]

    def accuracy(label: str, model: str, layer: int | None) -> float:
        key = (label, model, "block")
        (found,) = (row["accuracy"] for row in linear if keyed.get(row["probe"]) == key and row["layer"] == layer)
        return 100 * found

    trained = [model for model in _models(keyed) if model not in ("untrained", "hubert_base")]
    phones, speakers = (next(model for model in trained if model.startswith(task)) for task in ("phones", "speakers"))
    genders = _span([accuracy("gender", model, layer) for model in trained for layer in (1, 2, 3, 4)])
    ages = _span([accuracy("age band", model, None) for model in _models(keyed)])
    largest = 100 * next(row["majority"] for row in linear if keyed.get(row["probe"], ("",))[0] == "age band")
    first = {model: f"{accuracy('speaker', model, 1):.0f}%" for model in trained}
    last = {model: f"{accuracy('speaker', model, 4):.0f}%" for model in trained}
    return (
        f"**Which layers.** Gender is told from every layer of the trained models, by {genders}%; but block outputs of "
        f"random weights give {accuracy('gender', 'untrained', None):.0f}%: for a linear probe it was in the log-mel "
        f"spectrum already. Who speaks fades with depth where phones were learned ({first[phones]} in layer 1, "
        f"{last[phones]} in layer 4; `pretrained` {first['pretrained']} and {last['pretrained']}), and grows where "
        f"speakers were ({first[speakers]} and {last[speakers]}); random weights keep "
        f"{accuracy('speaker', 'untrained', None):.0f}%. Age bands are told by {ages}%, where the largest class gives "
        f"{largest:.0f}%: of age these probes know next to nothing, and its minimal sets are sets of nothing."
    )


def _few(rows: Sequence[Row], keyed: Mapping[str, Key]) -> str:
    def shares(label: str) -> list[float]:
        return [row["smallest_share"] for row in rows if keyed.get(row["probe"], ("",))[0] == label]

    gender, speaker = _span(shares("gender")), _span(shares("speaker"))
    return (
        f"**How few.** Within 1 point of all neurons come {gender}% of them for gender, and {speaker}% for speakers, "
        "of whom there are 80 to tell apart. The paper's choice, the most accurate of those sets, is larger: it chases "
        "differences that are smaller than the deviations."
    )


def _redundancy(rows: Sequence[Row], efficacy: Sequence[Row], keyed: Mapping[str, Key]) -> str:
    def random_from(label: str) -> list[float]:
        probes = [probe for probe, key in keyed.items() if key[0] == label and key[2] == "block"]
        shares = [
            [row["share"] for row in rows if row["probe"] == probe and row["what"] == "random" and row["redundant"]]
            for probe in probes
        ]
        return [min(found) for found in shares if found]

    def better(label: str) -> tuple[int, int]:
        probes = [probe for probe, key in keyed.items() if key[0] == label and key[2] == "block"]
        by_probe = {
            probe: {
                row["neurons"]: row["accuracy"] for row in efficacy if row["probe"] == probe and row["layer"] is None
            }
            for probe in probes
        }
        return sum(found["top"] > found["random"] for found in by_probe.values()), len(probes)

    gender, speaker = _span(random_from("gender")), _span(random_from("speaker"))
    (for_gender, n), (for_speaker, _) = better("gender"), better("speaker")
    return (
        "**How redundant.** As many block outputs drawn at random come within 5 points of the top ones from "
        f"{gender}% of them on for gender, from {speaker}% on for speakers. In the trained probe, with the others "
        f"zeroed, the top 20% are better than a random 20% for gender in {for_gender} of {n} models, for speakers in "
        f"{for_speaker}. Perhaps a ranking by weights puts neurons first that say the same thing, and a draw has more "
        "of the different ones; that was not tested."
    )


def _same_neurons(rows: Sequence[Row], keyed: Mapping[str, Key]) -> str:
    def factors(label: str, prop: str) -> list[float]:
        chosen = [row for row in rows if keyed.get(row["probe"], ("",))[0] == label and row["property"] == prop]
        there = [row for row in chosen if row["n_property"]]
        return [row["n_both"] * row["n_neurons"] / (row["n_set"] * row["n_property"]) for row in there]

    gender, speaker = _span(factors("gender", "gender"), ".1f"), _span(factors("speaker", "speaker"), ".1f")
    return (
        f"**The same neurons?** The smallest sets share {gender} times as many neurons with the property neurons of "
        f"gender as sets drawn by lot would, those for speakers {speaker} times with the property neurons of speakers. "
        "What a neuron fires for and what a probe needs are two questions: a probe sees means over an utterance, signs "
        "and all, property neurons the strongest few of each frame."
    )


def _span(values: Sequence[float], form: str = ".0f") -> str:
    """The least and the largest of some values."""
    return f"{min(values):{form}} to {max(values):{form}}"


def _models(keyed: Mapping[str, Key]) -> list[str]:
    return list(dict.fromkeys(model for _, model, _ in keyed.values()))
