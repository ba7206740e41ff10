"""``python -m benchmarks.replication STUDY``: run a study, or what is left of it, and write its page."""

import argparse
from pathlib import Path

import torch

from benchmarks.replication import compare, figure_6, figure_9, one_speaker, pretrain, table_1
from benchmarks.replication.report import write
from benchmarks.replication.settings import Options

DOCS = Path(__file__).parents[2] / "docs" / "replication"
STUDIES = {
    "pretrain": pretrain.study,
    "table_1": table_1.study,
    "figure_6": figure_6.study,
    "figure_9": figure_9.study,
    "one_speaker": one_speaker.study,
    "compare": compare.study,
}


def main() -> None:
    """Run the studies that the command line names, the pretraining before any that needs it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replication", description=__doc__)
    parser.add_argument("study", choices=[*STUDIES, "all"])
    parser.add_argument("--speech", type=Path, default=Path("../shared/data/speechocean762"), help="the corpus")
    parser.add_argument("--work", type=Path, default=Path("runs"), help="models, warehouse and results of units")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    given = parser.parse_args()
    options = Options(given.speech, given.work, given.seeds, given.jobs)
    torch.set_num_threads(1)
    pretrain.prepare(options)
    for name in STUDIES if given.study == "all" else [given.study]:
        command = f"python -m benchmarks.replication {name}"
        if given.seeds != parser.get_default("seeds"):
            command += f" --seeds {given.seeds}"
        write(STUDIES[name](options), command, DOCS)
        print(f"docs/replication/{name}.md", flush=True)


if __name__ == "__main__":
    main()
