"""How long the command line takes to start.

python benchmarks/startup.py WAREHOUSE
"""

import statistics
import sys
from pathlib import Path

from figures import figure, run

REPEATS = 15


def main(warehouse: str) -> None:
    """Time help and a trivial query in turn with their baselines, so that both see the same machine."""
    neurons = str(Path(sys.executable).with_name("neurons"))
    pairs = {
        "neurons --help": ([neurons, "--help"], "import typer"),
        "neurons sql of a trivial query": ([neurons, "sql", warehouse, "SELECT 1"], "import duckdb, typer"),
    }
    for name, (command, imports) in pairs.items():
        times = [(run(command).wall, run([sys.executable, "-c", imports]).wall) for _ in range(REPEATS)]
        wall, baseline = (statistics.median(column) for column in zip(*times, strict=True))
        figure(name, wall, "s", baseline, f"python -c '{imports}'")


if __name__ == "__main__":
    main(sys.argv[1])
