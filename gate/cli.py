"""`cratescope gate`: the server, and what people do from a terminal."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.config import load_settings
from analyzer.errors import UsageError
from analyzer.limits import DEFAULT_LIMITS
from analyzer.report.text import one_line
from gate import cli_people
from gate.cli_people import Data, Url
from gate.settings import load_gate

if TYPE_CHECKING:
    from gate.terminal import Checked

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="A cargo registry that reads a crate before anybody gets it.",
)
Config = Annotated[str, typer.Option("--config", metavar="FILE", help="Settings: docs/gate.md.")]
Gate = Annotated[
    str,
    typer.Option("--gate", metavar="URL", envvar="CRATESCOPE_GATE_URL", help="A running gate."),
]
Token = Annotated[
    str,
    typer.Option(envvar="CRATESCOPE_GATE_TOKEN", hidden=True, help="Its token, if it wants one."),
]
_HERE = "http://127.0.0.1:8420/"
_CODES = {"deny": 20, "unknown": 30, "hold": 10, "around": 10, "serve": 0}
_RANK = ("deny", "unknown", "hold", "around", "serve")
_WORDS = {
    "deny": "DENIED",
    "hold": "HELD",
    "unknown": "UNKNOWN",
    "around": "PAST THE GATE",
    "serve": "served",
}


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


@app.command("check")
def check(
    lock: Annotated[
        Path, typer.Argument(metavar="[LOCK]", help="A Cargo.lock or its folder.")
    ] = Path(),
    *,
    gate: Gate = _HERE,
    token: Token = "",
    format_: Annotated[
        str, typer.Option("--format", metavar="NAME", help="human or json.")
    ] = "human",
) -> None:
    """What a gate says of everything that a Cargo.lock holds, all at once. Exit 20, 30, 10 or 0."""
    if format_ not in ("human", "json"):
        raise UsageError(f"--format {format_}", remedy="human or json")
    found = list(_checked(lock, gate, token))
    if format_ == "json":
        rows = [asdict(one) for one in found]
        typer.echo(json.dumps({"schema": "cratescope.gate-check/v1", "packages": rows}, indent=2))
    else:
        for one in sorted(found, key=lambda each: (_RANK.index(each.outcome), each.name)):
            if one.outcome != "serve":
                typer.echo(_row(one))
        packages = [one for one in found if one.version]
        counts = Counter(one.outcome for one in packages)
        words = ", ".join(f"{counts[one]} {_WORDS[one].lower()}" for one in _RANK if counts[one])
        typer.echo(f"{len(packages)} packages: {words or 'none from a registry'}")
    worst = min((one.outcome for one in found), key=_RANK.index, default="serve")
    raise typer.Exit(_CODES[worst])


def _checked(lock: Path, gate: str, token: str) -> Iterator[Checked]:
    """Packages of a lock file, and what of the project's files leads past the gate.

    The project's own packages, which no registry serves, are left out.
    """
    from gate.around import ways_around
    from gate.terminal import Checked, Remote, locked

    packages = [one for one in locked(lock, DEFAULT_LIMITS).packages if one.source]
    with Remote(gate, token, load_settings(os.environ)) as remote:
        yield from remote.check(packages)
        gates = (remote.url, *remote.indexes())
    root = lock if lock.is_dir() else lock.parent
    for file, how in ways_around(root, gates, DEFAULT_LIMITS):
        yield Checked(file, "", "around", how)


def _row(one: Checked) -> str:
    steps = [f"; last allowed: {one.last_allowed}"] if one.last_allowed else []
    steps += [f"; it ends {', '.join(one.mends)}: ask for a waiver"] if one.mends else []
    steps += [f"; {one.page}"] if one.page else []
    # Its index line says «yanked», and so do tools that read it: it is not, by its author.
    note = " (not yanked)" if one.outcome == "hold" else ""
    head = f"{_WORDS[one.outcome]} {f'{one.name} {one.version}'.rstrip()}{note}"
    return one_line(f"{head}: {one.why}{''.join(steps)}")


@app.command("warm")
def warm(
    lock: Annotated[
        Path, typer.Argument(metavar="[LOCK]", help="A Cargo.lock or its folder.")
    ] = Path(),
    *,
    gate: Gate = _HERE,
    token: Token = "",
) -> None:
    """Have everything that a Cargo.lock holds read and fetched before anybody waits for it."""
    counts = Counter(one.outcome for one in _checked(lock, gate, token) if one.version)
    typer.echo(", ".join(f"{number} {one}" for one, number in sorted(counts.items())) or "nothing")


@app.command("status")
def status(*, gate: Gate = _HERE, token: Token = "") -> None:
    """Say what a gate has decided so far, and how much waits."""
    from gate.terminal import Remote

    with Remote(gate, token, load_settings(os.environ)) as remote:
        _, counted = remote.get("api/v1/status")
        for key, value in counted.items():
            typer.echo(one_line(f"{key}: {value}"))


cli_people.register(app)
