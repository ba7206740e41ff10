"""How long ``neurons demo`` takes, from the command to the printed sets, beside the model's own time on its corpus.

python benchmarks/demo.py [--repeats 3]
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from figures import figure, run


def main() -> None:
    """Run the demo in a new folder each time, and the model alone over what it spoke."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    neurons = str(Path(sys.executable).with_name("neurons"))
    forward_only = str(Path(__file__).with_name("forward_only.py"))
    pairs = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            demo = run([neurons, "demo", folder, "--quiet"])
            pairs.append((demo.wall, run([sys.executable, forward_only, f"{folder}/corpus/audio", "mel:tiny"]).wall))
    wall, baseline = (statistics.median(column) for column in zip(*pairs, strict=True))
    figure("neurons demo", wall, "s", baseline, "import, build, read and forward of its corpus")


if __name__ == "__main__":
    main()
