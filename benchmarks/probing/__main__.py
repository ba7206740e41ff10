"""``python -m benchmarks.probing``: run the study, or what is left of it, and write its page."""

import argparse
from pathlib import Path

from benchmarks.probing.models import recorded
from benchmarks.probing.page import page
from benchmarks.probing.probes import made
from benchmarks.probing.unequal import train_unequal
from benchmarks.replication import pretrain
from benchmarks.replication.report import write
from benchmarks.replication.settings import Options

DOCS = Path(__file__).parents[2] / "docs" / "probing"


def main() -> None:
    """Train, record, probe and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.probing", description=__doc__)
    parser.add_argument("--speech", type=Path, default=Path("../shared/data/speechocean762"), help="the corpus")
    parser.add_argument("--work", type=Path, default=Path("runs"), help="models and warehouse")
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    options = Options(given.speech, given.work, given.seeds, 2)
    pretrain.prepare(options)
    studied = recorded(options)
    train_unequal(options)
    command = "python -m benchmarks.probing"
    if given.seeds != parser.get_default("seeds"):
        command += f" --seeds {given.seeds}"
    write(page(studied, made(studied, given.seeds)), command, DOCS)
    print("docs/probing/README.md", flush=True)


if __name__ == "__main__":
    main()
