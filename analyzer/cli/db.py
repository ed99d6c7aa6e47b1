"""`cratescope db update|status|export|import`: advisories and campaigns, with their age."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.options import Offline
from analyzer.codec import to_plain
from analyzer.config import Settings, load_settings
from analyzer.errors import UsageError
from analyzer.project.incident.feed import ALL_READERS, CAMPAIGNS
from analyzer.project.incident.load import shipped
from analyzer.project.incident.model import Knowledge
from analyzer.registry.advisory_store import FILE, AdvisoryStore, SourceInfo, open_store
from analyzer.registry.dump import open_names
from analyzer.registry.update import OSV, RUSTSEC, DumpUpdate, Outcome, Update
from analyzer.report.text import one_line

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
_NONE = "no advisories on this machine; get them with `cratescope db update`"
_Older = Annotated[
    bool, typer.Option("--allow-older", help="Take a state that is older or has lost entries.")
]


@app.command("update")
def update(
    *,
    rustsec: Annotated[
        str, typer.Option("--rustsec", metavar="URL|FILE", help="A tar.gz of RustSec's database.")
    ] = "",
    osv: Annotated[
        str, typer.Option("--osv", metavar="URL|FILE", help="OSV's export for crates.io, a zip.")
    ] = "",
    campaigns: Annotated[
        str,
        typer.Option(
            "--campaigns", metavar="URL|FILE", help="A tar.gz of campaigns and bad names."
        ),
    ] = "",
    dump: Annotated[
        str,
        typer.Option("--dump", metavar="URL|FILE", help="The registry's database dump; `-`: its."),
    ] = "",
    allow_older: _Older = False,
    offline: Offline = False,
) -> None:
    """Fetch advisories from RustSec and OSV and campaigns from your feed, or what is named."""
    settings = load_settings(os.environ, is_offline=offline or None)
    if dump:
        place = settings.database_dump if dump == "-" else dump
        as_of = DumpUpdate(settings, allows_older=allow_older).run(place)
        typer.echo(one_line(f"dump: names, owners and downloads of {as_of}"))
    named = {RUSTSEC: rustsec, OSV: osv, CAMPAIGNS: campaigns}
    if not any(named.values()):
        if dump:
            return
        feeds = (settings.rustsec_feed, settings.osv_feed, settings.campaign_feed)
        named = dict(zip(named, feeds, strict=True))
    places = {name: place for name, place in named.items() if place}
    _tell(_update(settings, allows_older=allow_older).run(places))


@app.command("status")
def status(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Where the advisories came from, how many there are, how old they are."""
    data_dir = load_settings(os.environ).data_dir
    store, names, book = open_store(data_dir), open_names(data_dir), shipped()
    sources: tuple[SourceInfo, ...] = ()
    if store is not None:
        with store:
            sources = store.sources
    if as_json:
        rows = [to_plain(one) for one in sources]
        dump = names.as_of if names is not None else ""
        shown = {
            "schema": "cratescope.db/v1",
            "sources": rows,
            "dump": dump,
            "shipped": to_plain(book.origins[0]) | {"campaigns": len(book.campaigns)},
        }
        typer.echo(json.dumps(shown, indent=1))
        return
    for one in sources:
        for line in _described(one):
            typer.echo(line)
    if names is not None:
        typer.echo(one_line(f"dump: names, owners and downloads of {names.as_of}"))
    typer.echo(_shipped(book))
    if not sources:
        typer.echo(_NONE)


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="Where to write the bundle.")],
) -> None:
    """Write advisories and campaigns into one file, for machines without a network."""
    data_dir = load_settings(os.environ).data_dir
    store = open_store(data_dir)
    if store is None or data_dir is None:
        raise UsageError(_NONE)
    store.close()
    shutil.copyfile(data_dir / FILE, file)
    typer.echo(f"{file}: {file.stat().st_size:,} bytes")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A bundle that `db export` wrote.")],
    *,
    allow_older: _Older = False,
) -> None:
    """Take in a bundle, unless it is older than what is here."""
    settings = load_settings(os.environ)
    with AdvisoryStore(file) if file.is_file() else _absent(file):
        pass
    _tell(_update(settings, allows_older=allow_older).take_in(file))


def _update(settings: Settings, *, allows_older: bool) -> Update:
    return Update(settings, _now(), allows_older=allows_older, readers=ALL_READERS)


def _absent(file: Path) -> AdvisoryStore:
    raise UsageError(f"{file}: no such file")


def _now() -> datetime:
    return datetime.now(UTC)


def _tell(outcomes: tuple[Outcome, ...]) -> None:
    """Say what is here now; exit as the first error asks."""
    for one in outcomes:
        if one.error is not None:
            remedy = f"; {one.error.remedy}" if one.error.remedy else ""
            typer.echo(f"cratescope: error: {one_line(f'{one.error}{remedy}')}", err=True)
            continue
        assert one.now is not None
        for line in _described(one.now):
            typer.echo(line)
        if one.before is not None:
            more = one.now.advisories - one.before.advisories
            typer.echo(f"  {more:+,} since {one.before.as_of}" if more else "  nothing new")
    failed = [one.error.exit_code for one in outcomes if one.error is not None]
    if failed:
        raise typer.Exit(failed[0])


def _described(info: SourceInfo) -> list[str]:
    days = _ago(info.age(_now()).days)
    stale = "; STALE: run `cratescope db update`" if info.is_stale(_now()) else ""
    kinds = f"{info.malicious:,} malicious, {info.withdrawn:,} withdrawn"
    what = f"{info.advisories:,} advisories ({kinds})"
    if info.name == CAMPAIGNS:
        what = f"{info.advisories:,} known-bad crates, {info.documents - 1:,} campaigns"
    lines = [
        one_line(f"{info.name}: {what} of {info.as_of}, fetched {days}{stale}"),
        f"  {one_line(f'from {info.url}')}  sha256 {info.sha256}",
    ]
    if info.problems:
        lines.append(f"  {len(info.problems)} of {info.files:,} files could not be read:")
        lines += [f"    {one_line(one)}" for one in info.problems[:10]]
    return lines


def _ago(days: int) -> str:
    return "today" if days < 1 else f"{days} days ago"


def _shipped(book: Knowledge) -> str:
    """What came with the program, and since when it is; a later feed stands beside it."""
    origin = book.origins[0]
    return (
        one_line(
            f"shipped: {origin.entries:,} known-bad crates, {len(book.campaigns):,} campaigns"
            f" of {origin.as_of}, {_ago(origin.age_days(_now()))}"
        )
        + f"\n  sha256 {origin.digest}"
    )
