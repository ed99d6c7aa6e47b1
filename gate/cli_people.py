"""What people decide from a terminal, straight in the store: who may open it, may decide.

A running gate hears of it within a second.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.errors import UsageError
from analyzer.report.text import one_line
from gate.settings import CRATES_IO, load_gate

if TYPE_CHECKING:
    from gate.model import Release
    from gate.store.people import People
    from gate.store.store import Store

Data = Annotated[
    str, typer.Option("--data", metavar="DIR", help="Where the gate keeps all it has.")
]
Url = Annotated[
    str, typer.Option("--database", metavar="URL", help="postgresql://...; SQLite if left out.")
]
Who = Annotated[
    str, typer.Option("--as", metavar="NAME", help="Who decides; your login if left out.")
]
Mount = Annotated[str, typer.Option("--mount", metavar="NAME", help="The upstream.")]
Crate = Annotated[str, typer.Argument(metavar="CRATE@VERSION", help="A release.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept for ever.")]


@dataclass(frozen=True, slots=True)
class _Desk:
    store: Store
    people: People


@contextmanager
def _open(data: str, url: str) -> Iterator[_Desk]:
    """The store of a gate that exists. Raises UsageError where there is none."""
    from gate.gate import now, open_database
    from gate.store.people import People
    from gate.store.store import Store

    settings = load_gate({"data": data, "database": url}, os.environ)
    if not settings.database_url and not (settings.data_dir / "gate.sqlite3").exists():
        raise UsageError(
            f"{settings.data_dir}: no gate keeps anything here", remedy="give --data DIR"
        )
    database = open_database(settings)
    try:
        store = Store(database, now)
        yield _Desk(store, People(store))
    finally:
        database.close()


def _release(store: Store, mount: str, text: str) -> Release:
    """The release a person means: the last one that was ruled on under this name and version."""
    name, _, version = text.partition("@")
    rows = [one for one in store.rulings(mount, name) if one.release.version == version]
    if not rows:
        raise UsageError(f"{text}: nothing was decided about it here", remedy="write NAME@VERSION")
    return rows[-1].release


def _me(name: str) -> str:
    return name or getpass.getuser()


def waive(
    crate: Crate,
    *,
    reason: Reason,
    rule: Annotated[
        str, typer.Option("--rule", metavar="ID", help="One rule; all that hold if not.")
    ] = "",
    expires: Annotated[
        str, typer.Option("--expires", metavar="DAY", help="YYYY-MM-DD; 90 days.")
    ] = "",
    mount: Mount = CRATES_IO,
    who: Who = "",
    data: Data = "",
    database: Url = "",
) -> None:
    """Ask for a waiver: these bytes, this rule, this evidence, until that day."""
    from gate.actions import ask_waivers

    with _open(data, database) as desk:
        release = _release(desk.store, mount, crate)
        said = {"reason": reason, "rule": rule, "expires": expires}
        for one in ask_waivers(desk.store, desk.people, release, said, _me(who)):
            typer.echo(one_line(f"waiver {one.id}: {one.rule} until {one.expires}: requested"))
        typer.echo("next: somebody else says `cratescope gate approve ID`")


Number = Annotated[int, typer.Argument(metavar="ID", help="Number of the waiver.")]


def approve(number: Number, *, who: Who = "", data: Data = "", database: Url = "") -> None:
    """Approve a waiver that somebody else asked for."""
    _answer(number, "approved", who, data, database)


def reject(number: Number, *, who: Who = "", data: Data = "", database: Url = "") -> None:
    """Refuse a waiver."""
    _answer(number, "rejected", who, data, database)


def withdraw(number: Number, *, who: Who = "", data: Data = "", database: Url = "") -> None:
    """End a waiver before its day."""
    _answer(number, "withdrawn", who, data, database)


def _answer(number: int, state: str, who: str, data: str, database: str) -> None:
    from gate.model import WaiverState

    with _open(data, database) as desk:
        one = desk.people.answer(number, WaiverState(state), _me(who))
        typer.echo(one_line(f"waiver {one.id} for {one.release.label}: {one.state}"))


def revoke(
    crate: Crate,
    *,
    reason: Reason,
    mount: Mount = CRATES_IO,
    who: Who = "",
    data: Data = "",
    database: Url = "",
) -> None:
    """Deny a release from now on, and say who got it."""
    from gate.actions import revocation

    with _open(data, database) as desk:
        release = _release(desk.store, mount, crate)
        desk.store.keep(revocation(release, reason, _me(who)))
        clients = {one.client for one in desk.store.who_got(release.name, release.version)}
        typer.echo(one_line(f"{release.label} is denied; {len(clients)} clients got it"))


def restore(
    crate: Crate,
    *,
    reason: Reason,
    mount: Mount = CRATES_IO,
    who: Who = "",
    data: Data = "",
    database: Url = "",
) -> None:
    """Take a revocation back; the release is read again."""
    from gate.actions import in_force, restoration

    with _open(data, database) as desk:
        release = _release(desk.store, mount, crate)
        found = in_force(desk.store, release)
        desk.store.keep(restoration(found, release, reason, _me(who)))
        typer.echo(one_line(f"{release.label} is read again"))


def who_got(
    crate: Annotated[str, typer.Argument(metavar="CRATE[@VERSION]")],
    *,
    data: Data = "",
    database: Url = "",
) -> None:
    """Who downloaded a crate: day, version, address, cargo, token's name."""
    name, _, version = crate.partition("@")
    with _open(data, database) as desk:
        rows = desk.store.who_got(name, version)
    for one in rows:
        token = f" token {one.token}" if one.token else ""
        typer.echo(one_line(f"{one.at} {one.release.version} {one.client}{token} {one.agent}"))
    typer.echo(f"{len(rows)} downloads by {len({one.client for one in rows})} clients")


def export(
    *,
    format_: Annotated[
        str, typer.Option("--format", metavar="NAME", help="cargo-deny or cargo-vet.")
    ] = "cargo-deny",
    held: Annotated[bool, typer.Option("--held", help="What is held, too.")] = False,
    data: Data = "",
    database: Url = "",
) -> None:
    """What this gate denies, as entries for tools that read lock files."""
    from gate.model import Outcome
    from gate.refusal import plain
    from gate.terminal import cargo_deny, cargo_vet

    if format_ not in ("cargo-deny", "cargo-vet"):
        raise UsageError(f"--format {format_}", remedy="cargo-deny or cargo-vet")
    with _open(data, database) as desk:
        rows = list(desk.store.latest(outcome=Outcome.DENY, most=10_000))
        rows += desk.store.latest(outcome=Outcome.HOLD, most=10_000) if held else ()
    named = [(one.release.name, one.release.version, plain(one.why, 300)) for one in rows]
    if format_ == "cargo-deny":
        typer.echo(cargo_deny(named), nl=False)
    else:
        typer.echo(cargo_vet(named, "cratescope gate"), nl=False)


def token(
    what: Annotated[str, typer.Argument(metavar="make|end|list")],
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Whose it is.")] = "",
    *,
    admin: Annotated[bool, typer.Option("--admin", help="It may decide, not only read.")] = False,
    who: Who = "",
    data: Data = "",
    database: Url = "",
) -> None:
    """Make a token (shown once, kept as a digest), end one, list them."""
    with _open(data, database) as desk:
        if what == "make":
            typer.echo(desk.people.make_token(name, "admin" if admin else "read", _me(who)))
        elif what == "end":
            desk.people.end_token(name, _me(who))
            typer.echo(one_line(f"{name} opens nothing any more"))
        elif what == "list":
            for one in desk.people.tokens():
                ended = f", ended {one.ended_at}" if one.ended_at else ""
                typer.echo(one_line(f"{one.name}: {one.kind}, made {one.made_at}{ended}"))
        else:
            raise UsageError(f"token {what}", remedy="make, end or list")


def audit(*, data: Data = "", database: Url = "") -> None:
    """The audit log, and whether anybody tampered with it."""
    with _open(data, database) as desk:
        at = 0
        while rows := desk.store.audit(at):
            for one in rows:
                typer.echo(
                    one_line(
                        f"{one.id} {one.at} {one.actor} {one.action} {one.subject} {one.detail}"
                    )
                )
            at = rows[-1].id
        broken = desk.store.broken_at()
    if broken:
        typer.echo(f"line {broken} does not follow from the one before: the log was changed")
        raise typer.Exit(20)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for one in (waive, approve, reject, withdraw, revoke, restore, who_got, export, token, audit):
        app.command(one.__name__.replace("_", "-"))(one)
