"""A step between versions for people: the verdict, what is new, what it cannot do any more.

Every text of a crate goes through `printable` and reaches rich as `Text`, never as markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from analyzer.model import BUILD_TIME, Outcome, Verdict
from analyzer.project.changes import CrateDiff, DependencyChange, FileChange
from analyzer.project.decisions import show
from analyzer.project.lock_changes import LockDiff, PackageChange
from analyzer.report import human
from analyzer.report.decisions import steps_of
from analyzer.report.text import printable
from analyzer.report.wording import RANK

_WIDTH = 100
VALUES_SHOWN = 12
FILES_SHOWN = 12
CHANGES_SHOWN = 40
_NEXT = {
    Verdict.BLOCK: "Stay on {old}. Do not build {new}; if it was built, rotate what it could read.",
    Verdict.REVIEW: "A person should read what is new before {new} enters a build.",
    Verdict.INCOMPLETE: "Treat {new} as unread: the gaps say what would help.",
    Verdict.CLEAR: "Nothing to do.",
}


def render(found: CrateDiff | LockDiff, *, width: int = 100, color: bool = False) -> str:
    """The step, or all steps of a lock file, as text of at most `width` columns."""
    parts = _step(found) if isinstance(found, CrateDiff) else _locks(found)
    return human.printed(parts, width=width, color=color)


def _step(found: CrateDiff) -> Iterator[RenderableType]:
    name = f"{found.new.name} {found.old.version} → {found.new.version}"
    yield Text.assemble(
        human.word(found.verdict),
        " ",
        (printable(name, max_characters=160), "bold"),
        f"  change {found.score}/100",
        (f"  {found.step} step; {printable(found.new.version)} alone: {found.alone}", "dim"),
    )
    yield Text(printable(found.summary), style="bold")
    yield Text("")
    yield from human.findings(found.added)
    yield from human.score(found.points)
    yield from _told_before(found)
    yield from _capabilities(found)
    yield from _dependencies(found.dependencies)
    yield from _values(found)
    yield from _files(found.files)
    yield from _fields(found)
    yield from human.gaps(found.gaps)
    yield from human.decision(found.decision)
    yield Text("Next", style="bold")
    yield from (Text(f"- {printable(one)}") for one in next_steps(found))
    yield Rule(style="dim")


def next_steps(found: CrateDiff) -> Iterator[str]:
    """What a reader should do, not escaped: first what the policy leaves to do, if one decided."""
    if found.decision is not None:
        yield from steps_of(found.decision, f"{found.new.name}@{found.new.version}")
        if found.decision.outcome is Outcome.ALLOW:
            return
    yield _NEXT[found.verdict].format(old=found.old.version[:60], new=found.new.version[:60])


def _told_before(found: CrateDiff) -> Iterator[RenderableType]:
    """Rules that held before, and those that do not hold any more."""
    for label, findings in (("As before", found.same), ("No longer", found.gone)):
        if findings:
            rules = Counter(one.rule for one in findings)
            text = ", ".join(
                f"{rule} ({count})" if count > 1 else rule for rule, count in rules.items()
            )
            yield Text(printable(f"{label}: {text}", max_characters=600), style="dim")
    if found.same or found.gone:
        yield Text("")


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in titles:
        table.add_column(title)
    return table


def _capabilities(found: CrateDiff) -> Iterator[RenderableType]:
    if not found.gained and not found.lost:
        yield Text("Nothing it could not do before.", style="dim")
        yield Text("")
        return
    table = _table("", "can", "when", "for example")
    for mark, rows in (("+", found.gained), ("-", found.lost)):
        for one in rows:
            shown = printable(", ".join(one.subjects[:3]), max_characters=120)
            style = "yellow" if mark == "+" and not BUILD_TIME.isdisjoint(one.phases) else ""
            table.add_row(
                mark, Text(one.name, style=style), Text(", ".join(one.phases)), Text(shown)
            )
    yield table
    yield Text("")


def _dependencies(rows: tuple[DependencyChange, ...]) -> Iterator[RenderableType]:
    rows = tuple(one for one in rows if one.kind != "dev")
    if not rows:
        return
    table = _table("", "depends on", "kind", "requires", "known of it")
    marks = {"added": "+", "removed": "-", "changed": "~"}
    for one in rows[:CHANGES_SHOWN]:
        stated = (
            f"{one.before} → {one.requirement}"
            if one.change == "changed"
            else (one.requirement or one.before)
        )
        table.add_row(
            marks[one.change],
            Text(printable(one.package, max_characters=60)),
            one.kind,
            Text(printable(stated, max_characters=60)),
            Text(printable(known_of(one), max_characters=120)),
        )
    yield table
    yield Text("")


def known_of(one: DependencyChange) -> str:
    """What is known of a dependency that was taken up, not escaped."""
    if one.change != "added":
        return ""
    age = "" if one.age_days is None else f"first published {max(one.age_days, 0)} days before"
    words = ", ".join(each for each in one.words if each not in ("young", "review", "block"))
    verdict = f"{one.version} {one.verdict}" if one.verdict is not None else "not read"
    return "; ".join(filter(None, (verdict, age, words)))


def _values(found: CrateDiff) -> Iterator[RenderableType]:
    if not found.values:
        return
    yield Text("New in the code", style="bold")
    for one in found.values[:VALUES_SHOWN]:
        how = f"  from {', '.join(one.derivation)}" if one.derivation else ""
        when = f"  {', '.join(one.phases)}" if one.phases else ""
        text = printable(f"{one.kind} {one.subject}", max_characters=160)
        line = Text.assemble(
            (human.place(one.where), "cyan"), "  ", text, (printable(how + when), "dim")
        )
        yield Padding(line, (0, 0, 0, 2))
    if len(found.values) > VALUES_SHOWN:
        more = len(found.values) - VALUES_SHOWN
        yield Text(f"  and {more} more (see --format json)", style="dim")
    yield Text("")


def _files(rows: tuple[FileChange, ...]) -> Iterator[RenderableType]:
    if not rows:
        return
    counts = Counter(one.change for one in rows)
    words = ", ".join(f"{counts[one]} {one}" for one in sorted(counts))
    yield Text(f"Files: {words}", style="bold")
    early = [one for one in rows if not BUILD_TIME.isdisjoint(one.phases)]
    for one in early[:FILES_SHOWN]:
        origin = f" from {one.before}" if one.before else ""
        text = f"{one.change}{origin}: {one.path} ({', '.join(one.phases)})"
        yield Padding(Text(printable(text, max_characters=200)), (0, 0, 0, 2))
    if len(early) > FILES_SHOWN:
        yield Text(f"  and {len(early) - FILES_SHOWN} more that run at build time", style="dim")
    yield Text("")


def _fields(found: CrateDiff) -> Iterator[RenderableType]:
    for one in found.fields:
        text = f"{one.key}: {one.before or '(none)'} → {one.after or '(none)'}"
        yield Text(printable(text, max_characters=300))
    if found.fields:
        yield Text("")


# Lock files --------------------------------------------------------------------------------------


def _locks(found: LockDiff) -> Iterator[RenderableType]:
    counts = Counter(one.verdict for one in found.packages)
    words = ", ".join(f"{counts[one]} {one}" for one in RANK if counts[one])
    changes = ", ".join(
        f"{found.count(one)} {one}"
        for one in ("added", "changed", "removed", "checksum")
        if found.count(one)
    )
    yield Text.assemble(
        human.word(found.verdict),
        f"  {len(found.packages)} packages differ ({changes or 'none'}): ",
        f"{words or 'nothing to read'}.",
    )
    yield Text(printable(f"{found.old} → {found.new}"), style="dim")
    yield Text("")
    yield from _packages(found.packages)
    yield from human.gaps(found.gaps)
    if found.decided is not None:
        yield from (Text(one) for one in show.lines(found.decided, _WIDTH, color=False))
        yield Text("")
    for one in found.packages:
        if one.verdict is not Verdict.CLEAR:
            yield _package(one)


def _packages(rows: Iterable[PackageChange]) -> Iterator[RenderableType]:
    rows = list(rows)
    if not rows:
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for one in rows[:CHANGES_SHOWN]:
        version = f"{one.old} → {one.new}" if one.old and one.new else one.new or one.old
        mark = {"added": "+", "removed": "-"}.get(one.change, "~")
        table.add_row(
            human.word(one.verdict),
            Text(mark),
            Text(printable(f"{one.name} {version}", max_characters=100)),
            Text(printable(one.summary, max_characters=200)),
        )
    yield table
    if len(rows) > CHANGES_SHOWN:
        yield Text(f"and {len(rows) - CHANGES_SHOWN} more (see --format json)", style="dim")
    yield Text("")


def _package(one: PackageChange) -> RenderableType:
    if one.diff is not None:
        return Group(*_step(one.diff))
    if one.report is not None:
        return Text(human.render((one.report,)))
    return Text(printable(f"{one.name} {one.new}: {one.summary}"))
