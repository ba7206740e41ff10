"""Arguments and options that several commands take, described once."""

from pathlib import Path
from typing import Annotated

import typer

Warehouse = Annotated[Path, typer.Argument(metavar="WAREHOUSE", help="Folder of the warehouse.", show_default=False)]
Memory = Annotated[str | None, typer.Option("--memory", metavar="SIZE", help="Most memory of the query, such as 4GB.")]
Threads = Annotated[
    int | None,
    typer.Option("--threads", metavar="N", min=1, help="Threads. [default: one per core]", show_default=False),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors and the result.")]

Corpus = Annotated[str | None, typer.Option(metavar="CORPUS", help="This corpus. [default: all together]")]
Frames = Annotated[
    str | None, typer.Option(metavar="READING", help="Frames that count: all, middle or reference. [default: all]")
]
Lambda = Annotated[
    float | None,
    typer.Option("--lambda", metavar="PERCENT", help="Share of neurons that a frame activates. [default: as recorded]"),
]
Sigma = Annotated[
    float | None,
    typer.Option(metavar="SHARE", help="Share of a group's phones that a neuron must respond to. [default: 0.8]"),
]
Baseline = Annotated[
    float | None, typer.Option(metavar="P", help="Probability that counts as response. [default: k/D, chance]")
]
Z = Annotated[
    float | None,
    typer.Option(metavar="Z", help="Demand the Wilson lower bound at this z. [default: point estimate]"),
]
MinFrames = Annotated[int | None, typer.Option(metavar="N", help="Fewest frames of a phone in a group. [default: 1]")]
Where = Annotated[str | None, typer.Option(metavar="SQL", help="Only frames that satisfy this condition.")]
