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
