"""How fast every figure of a large model is drawn and saved: 12 x 3072 neurons, 968,842 frames, as PNG.

    python benchmarks/pictures.py ../shared/data/dev-clean-labels [--warehouse drawn.warehouse] [--keep pictures]

The warehouse is that of ``answers.py``: real labels, drawn activations. The baseline of the curves against λ is the
same numbers by one query for each λ, whose answer must be equal.
"""

import argparse
import tempfile
import time
from pathlib import Path

from drawn import dev_clean
from figures import figure

from queries import Connection, connect
from queries.calls import call

MOST = 60.0
"""Seconds that all figures of the paper, the heatmap, one neuron, λ and σ may take together."""

PICTURES = (
    "probabilities",
    "patterns",
    "silhouettes",
    "best_silhouettes",
    "neurons_per_layer",
    "overlap",
    "heatmap",
    "neuron",
    "lambda",
    "sigma",
)


def queried(con: Connection, name: str, lambdas: list[float]) -> dict[tuple[int, str, float], int]:
    """Sizes of the group neurons by one query for each λ."""
    found = {}
    for value in lambdas:
        asked = call("group_neurons", {"p_property": name, "p_lambda": value})
        for layer, group, n in con.sql(f'SELECT layer, "group", count(*) FROM {asked} GROUP BY ALL').fetchall():
            found[layer, group, value] = n
    return found


def main() -> None:
    """Build the warehouse if need be, draw, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--warehouse", type=Path, help="where to keep the drawn warehouse between runs")
    parser.add_argument("--keep", type=Path, help="folder for the pictures")
    arguments = parser.parse_args()
    with dev_clean(arguments.labels, arguments.warehouse) as warehouse, tempfile.TemporaryDirectory() as scratch:
        target = arguments.keep or Path(scratch)
        target.mkdir(exist_ok=True)
        begin = time.perf_counter()
        from queries import plot

        figure("importing the figures", time.perf_counter() - begin, "s")
        total = 0.0
        with connect(warehouse, threads=2, comments=False) as con:
            for name in PICTURES:
                start = time.perf_counter()
                drawn = plot.chart(con, name)
                middle = time.perf_counter()
                plot.save(drawn, target / f"{name}.png")
                end = time.perf_counter()
                total += end - start
                figure(f"{name} drawn", middle - start, "s")
                figure(f"{name} saved", end - middle, "s")
            figure(f"all {len(PICTURES)} figures", total, "s", MOST, "what they may take")

            from queries.curves import sizes_by_lambda

            start = time.perf_counter()
            curve = sizes_by_lambda(con, "phone_class")
            mine = time.perf_counter() - start
            start = time.perf_counter()
            wanted = queried(con, "phone_class", sorted(curve["lambda_pct"].unique()))
            baseline = time.perf_counter() - start
            sizes = curve.select("layer", "group", "lambda_pct", "n").iter_rows()
            if {key: n for *at, n in sizes if n and (key := tuple(at))} != wanted:
                raise SystemExit("the curves and the queries do not agree")
            figure("group sizes at 10 λ from one pass", mine, "s", baseline, "one query for each λ")
    if total > MOST:
        raise SystemExit(f"the figures took {total:.1f} s, more than {MOST:.0f}")


if __name__ == "__main__":
    main()
