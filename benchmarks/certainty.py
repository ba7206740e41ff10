r"""How fast certainty comes: permuted labels, resampled speakers and halves, beside asking the query anew.

    python benchmarks/certainty.py ../shared/data/dev-clean-labels ../shared/data/speechocean762/eval \
        [--dev-clean dev-clean.warehouse] [--eval eval.warehouse]

Speakers are permuted over dev-clean (968,842 frames, 40 speakers), segments over the evaluation part of
speechocean762; labels are real, the activations of a layer of 3072 neurons are drawn. All figures are of one property
and layer, with the reading of the sums. The baseline is one question whose groups are not stored, as those of a
permutation would not be, counted from the activations by the macro: p_where holds for every frame.
"""

from collections.abc import Callable

from drawn import both_corpora, dev_clean, evaluation
from figures import figure, peak_mib, seconds

from queries import Connection, connect
from queries.certainty import (
    bootstrap_probabilities,
    bootstrap_sets,
    permutation_null,
    stability,
    stability_by_amount,
    unit_counts,
)

PERMUTATIONS, REPEATS = 1000, 3


def anew(con: Connection, prop: str) -> float:
    """Seconds of one question that is counted from the activations."""
    question = f"SELECT count(*) FROM property_neurons(p_property := '{prop}', p_layer := 1, p_where := 'true')"
    return seconds(lambda: con.sql(question).fetchall(), 2 * REPEATS)


def against_anew(con: Connection, prop: str, name: str) -> None:
    """Time a permutation test, and as many questions as it has permutations."""
    mine = seconds(lambda: permutation_null(con, prop, permutations=PERMUTATIONS, p_layer=1), REPEATS)
    baseline = anew(con, prop) * PERMUTATIONS
    what = f"{PERMUTATIONS} permutations of {prop} over {name}"
    figure(what, mine, "s", baseline, f"asking {PERMUTATIONS} times anew")
    figure(f"{what}: times as fast", baseline / mine, "x")


def others(con: Connection, prop: str) -> None:
    """Time the other answers of one property and layer."""
    work: dict[str, Callable[[], object]] = {
        "sums per speaker": lambda: list(unit_counts(con, prop, "speaker", p_layer=1)),
        "sizes, 1000 resamples": lambda: bootstrap_sets(con, prop, p_layer=1),
        "probabilities of 3072 neurons, 1000 resamples": lambda: bootstrap_probabilities(con, prop, p_layer=1),
        "stability, 50 halves": lambda: stability(con, prop, p_layer=1),
        "stability by amount, 9 shares of 20 parts": lambda: stability_by_amount(con, prop, p_layer=1),
    }
    for name, do in work.items():
        figure(f"{prop}: {name}", seconds(do, REPEATS), "s")


def main() -> None:
    """Build the warehouses if need be, and time the questions."""
    arguments = both_corpora(__doc__)
    with dev_clean(arguments.labels, arguments.dev_clean) as warehouse, connect(warehouse, threads=2) as con:
        against_anew(con, "gender", "speakers, dev-clean")
        for prop in ("gender", "pitch"):
            others(con, prop)
    with evaluation(arguments.speech, arguments.eval, layers=1) as warehouse, connect(warehouse, threads=2) as con:
        for prop in ("phone_class", "duration"):
            against_anew(con, prop, "segments, eval")
    figure("peak memory", peak_mib(), "MiB")


if __name__ == "__main__":
    main()
