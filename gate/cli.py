"""`cratescope gate`: the server, and what people do from a terminal."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from gate.settings import load_gate

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="A cargo registry that reads a crate before anybody gets it.",
)
Config = Annotated[str, typer.Option("--config", metavar="FILE", help="Settings: docs/gate.md.")]
Data = Annotated[
    str, typer.Option("--data", metavar="DIR", help="Where the gate keeps all it has.")
]
Url = Annotated[
    str, typer.Option("--database", metavar="URL", help="postgresql://...; SQLite if left out.")
]


@app.callback()
def _gate() -> None:
    """A group of commands, however many there are."""


@app.command("serve")
def serve(
    *,
    listen: Annotated[str, typer.Option("--listen", metavar="HOST:PORT")] = "",
    data: Data = "",
    database: Url = "",
    policy: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE", help="Your policy.")
    ] = None,
    base_url: Annotated[
        str, typer.Option("--base-url", metavar="URL", help="Where clients find this gate.")
    ] = "",
    auth_required: Annotated[
        bool, typer.Option("--auth-required", help="Only for clients with a token.")
    ] = False,
    config: Config = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No line for each request.")] = False,
) -> None:
    """Serve until a signal says stop."""
    from gate.gate import Gate
    from gate.server import serve as run

    flags = {"listen": listen, "data": data, "database": database, "base-url": base_url}
    flags |= {"policy": str(policy) if policy else "", "config": config}
    flags |= {"auth-required": "true" if auth_required else ""}
    settings = load_gate(flags, os.environ)
    run(Gate(settings), logs_access=not quiet)
