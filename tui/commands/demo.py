"""``neurons demo``: the main job from end to end, with nothing to download."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from tui.arguments import Quiet
from tui.huge_pages import ask_for_huge_pages
from tui.registering import add
from tui.reporting import KEPT, reported, say

MODEL, CORPUS, WAREHOUSE = "mel_tiny", "demo", "demo.warehouse"
SHOWN = ("phone_class", "gender", "pitch")


def register(app: typer.Typer) -> None:
    """Add the command."""
    add(app, demo)


@reported(KEPT)
def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to put everything.")] = Path("neurons-demo"),
    quiet: Quiet = False,
) -> None:
    """Speak a small corpus and record a model over it.

    Prints property neurons per layer for phone class, gender and pitch. Eight synthetic voices say sentences with
    all 39 phones of English; the model is the small one that ships with the project (mel:tiny), which learned from
    real speech. Run again, it goes on where it stopped, or prints again what it found.

    Example:
      neurons demo
      neurons demo ~/try
    """
    from queries import connect
    from queries.neurons_per_layer import neurons_per_layer
    from tui.neuron_tables import neuron_table

    warehouse = folder / WAREHOUSE
    if _is_done(warehouse):
        say(f"{warehouse}: recorded already; remove {folder} to begin anew")
    else:
        record(folder, quiet)
    with connect(warehouse, comments=False) as con:
        for found in neurons_per_layer(con, SHOWN):
            for line in neuron_table(found):
                typer.echo(line)
    if not quiet:
        for line in _what_next(folder, warehouse):
            say(line)


def _is_done(warehouse: Path) -> bool:
    from queries.contents import contents
    from warehouse import snapshot

    if not (warehouse / "warehouse.json").exists():
        return False
    state = snapshot(warehouse)
    return state.layout.catalog.exists() and any(
        (model, corpus) == (MODEL, CORPUS) and recorded == planned
        for model, corpus, recorded, planned, *_ in contents(state).recordings
    )


def record(folder: Path, quiet: bool, n_sentences: int = 8) -> None:
    """Speak the corpus into a folder and record the model over it.

    Args:
        folder: where to put everything; the warehouse is ``demo.warehouse`` in it.
        quiet: show no progress.
        n_sentences: sentences of each of the eight voices.
    """
    if not quiet:
        say("speaking the corpus")
    ask_for_huge_pages()
    from ingest import Corpus
    from ingest.corpora.spoken import speak_corpus

    spoken = speak_corpus(folder / "corpus", n_sentences=n_sentences)
    corpus = Corpus.from_files(spoken.audio, spoken.labels, [spoken.utterances, spoken.speakers], name=CORPUS)
    if not quiet:
        say(f"spoke {len(corpus.utterances)} utterances into {folder / 'corpus'}; loading the model")
    from ingest import ingest, load
    from queries import write_catalog

    model = load("mel:tiny")
    ingest(model, corpus, folder / WAREHOUSE, model_name=MODEL, quiet=quiet)
    write_catalog(folder / WAREHOUSE)


def _what_next(folder: Path, warehouse: Path) -> list[str]:
    path = shlex.quote(str(warehouse))
    return [
        "written:",
        f"  {folder / 'corpus'}: audio, TextGrids, utterances.csv, speakers.csv",
        f"  {warehouse}: {_files(warehouse)} Parquet files; catalog.duckdb in it opens in any DuckDB client",
        "try next:",
        f"  neurons info {path}",
        f"""  neurons sql {path} "FROM property_neurons(p_property := 'gender') LIMIT 5\"""",
        f"""  neurons sql {path} "FROM activation_probabilities WHERE phone = 'AH' ORDER BY p DESC LIMIT 10\"""",
        f"  neurons properties add {path} accent --column accent",
        f"  neurons properties {path} --property accent --frames reference",
        f"  neurons export {path} --erase gender=F -o {shlex.quote(str(folder / 'erase-female.safetensors'))}",
        f"  neurons check {path}",
    ]


def _files(warehouse: Path) -> int:
    return sum(1 for _ in warehouse.glob("data/*/*.parquet"))
