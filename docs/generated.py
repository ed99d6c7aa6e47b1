"""Reference pages that are made from the product itself when the site is built."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import typer.main

from analyzer import config
from analyzer.cli.main import build, commands
from analyzer.report.text import markdown_text
from analyzer.rules.describe import looks_for
from analyzer.rules.ruleset import RuleSet, load_ruleset
from analyzer.rules.schema import Rule, Sample

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "analyzer/report/schemas"
MEANINGS = {
    "registry": "where crates are taken from: the URL of a sparse index, or a name as cargo has it",
    "cache-dir": "where archives and index files are kept",
    "data-dir": "where advisories, owners and downloads are kept",
    "ca-bundle": "certificates to trust",
    "contact": "a mail address or URL of yours, sent to the web API with `--online-metadata`",
    "database-dump": "where `db update --dump -` fetches the registry's dump from",
    "osv-feed": "where `db update` fetches OSV's advisories from",
    "campaign-feed": "where `db update` fetches campaigns and bad names from; none: shipped ones",
    "rustsec-feed": "where `db update` fetches RustSec's advisories from",
    "web-api": "the registry's web API",
    "index-max-age-s": "seconds for which an index file is believed without asking again",
    "jobs": "worker processes; by default one a processor",
    "retries": "further tries of a request that failed in passing",
    "timeout-s": "seconds that a request may take",
    "offline": "whether the cache alone is used",
}
"""What each setting of `analyzer.config` is for; a setting without a line here fails the build."""


def _line(text: str) -> str:
    """A text within a line of Markdown: as it is, but for code between backticks."""
    parts = re.split(r"`([^`]+)`", " ".join(text.split()))
    return "".join(
        _code(one) if number % 2 else markdown_text(one, max_characters=2000)
        for number, one in enumerate(parts)
    )


def _code(text: str) -> str:
    """A text as code, within a line of Markdown or a cell of a table."""
    return f"`{text.replace('|', chr(92) + '|')}`"


def _block(text: str, language: str) -> Iterator[str]:
    longest = max((len(one) for one in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}{language}", text.rstrip("\n"), fence, "")


# The command line ---------------------------------------------------------------------------------


def cli(_: str) -> str:
    """Every command with its arguments and options, as `--help` has them."""
    names = [name for name, _ in commands()]
    root = typer.main.get_command(build(names))
    return "\n".join(_command(root, "cratescope", 2))


def _command(command: Any, path: str, level: int) -> Iterator[str]:
    inner = getattr(command, "commands", {})
    if path != "cratescope":
        yield f"{'#' * min(level, 6)} {_code(path)}"
        yield ""
    yield _line(command.help or command.short_help or "")
    yield ""
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    words = [_words(one) for one in arguments]
    usage = " ".join([path, *(["COMMAND"] if inner else []), *(["[OPTIONS]"] if options else [])])
    yield from _block(" ".join([usage, *words]), "text")
    if arguments or options:
        yield from ("| | |", "| --- | --- |")
        for one in (*arguments, *options):
            yield f"| {_code(_words(one))} | {_line(one.help or '')} |"
        yield ""
    for name in sorted(inner):
        deeper = level if path == "cratescope" else level + 1
        yield from _command(inner[name], f"{path} {name}", deeper)


def _words(one: Any) -> str:
    """An argument or an option as it is written."""
    value = str(one.metavar or one.name.upper())
    if one.param_type_name == "option":
        return ", ".join(one.opts) + ("" if one.is_flag or one.count else f" {value}")
    value += "..." if one.nargs == -1 and not value.endswith("...") else ""
    return value if one.required or value.startswith("[") else f"[{value}]"


# Rules --------------------------------------------------------------------------------------------


@cache
def _ruleset() -> RuleSet:
    return load_ruleset()


def namespaces() -> dict[str, list[Rule]]:
    """Rules by the folder they lie in, below `signatures/rules/`."""
    found: dict[str, list[Rule]] = {}
    for rule in sorted(_ruleset().rules, key=lambda one: (one.namespace, one.id)):
        found.setdefault(rule.namespace.partition("/")[0], []).append(rule)
    return found


def rules(folder: str) -> str:
    """The rules of one folder, each with its reason, what it looks for and its samples."""
    return "\n".join(line for rule in namespaces()[folder] for line in _rule(rule))


def _rule(rule: Rule) -> Iterator[str]:
    yield f"## {rule.id}"
    yield ""
    yield f"**{_line(rule.title)}**"
    yield ""
    verdict = ", asks for BLOCK" if rule.is_blocking else ""
    yield f"{rule.severity} severity, {rule.confidence} confidence{verdict}, since {rule.since}."
    for heading, text in (("Why", rule.why), ("Benign", rule.benign)):
        yield from ("", f"*{heading}:* {_line(text)}")
    heading, phrases, tail = looks_for(rule)
    yield from ("", f"Looks for, {heading}:", "")
    yield from (f"- {_line(one)}" for one in phrases)
    yield from ("", _line(tail)) if tail else ()
    ids = [*rule.techniques, *rule.attack]
    yield from ("", f"Techniques: {', '.join(ids) or 'none'}.", "")
    for sample in rule.samples:
        yield from _sample(sample)


def _sample(sample: Sample) -> Iterator[str]:
    yield f"{'Fires on' if sample.is_match else 'Stays quiet on'}: {_line(sample.name)}"
    yield ""
    told = "\n".join((*sample.observed, *sample.given))
    if told:
        yield from _block(told, "text")
    for when, files in (("the version before, ", sample.before or ()), ("", sample.files)):
        for path, text in files:
            yield from (f"{when}{_code(path)}:", "")
            yield from _block(text, "rust" if path.endswith(".rs") else "text")


def rule_index(_: str) -> str:
    """All rules in one table."""
    rows = ["| rule | finds | severity |", "| --- | --- | --- |"]
    for folder, found in namespaces().items():
        for one in found:
            block = ", BLOCK" if one.is_blocking else ""
            name = f"[{one.id}](rules/{folder}.md#{one.id})"
            rows.append(f"| {name} | {_line(one.title)} | {one.severity}{block} |")
    return "\n".join((f"{len(_ruleset().rules)} rules.", "", *rows))


# Settings -----------------------------------------------------------------------------------------


def settings(_: str) -> str:
    """Every setting: its key in the file, its variable, what it is for."""
    known = config.known_settings()
    if set(known) != set(MEANINGS):
        raise ValueError(f"settings without a meaning: {sorted(set(known) ^ set(MEANINGS))}")
    rows = ["| key | variable | value | means |", "| --- | --- | --- | --- |"]
    for key in sorted(known):
        cells = (_code(key), _code(config.variable_of(key)), known[key], MEANINGS[key])
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


# Schemas ------------------------------------------------------------------------------------------


def schemas(_: str) -> str:
    """Every JSON Schema that is shipped: its objects, their keys, and what these hold."""
    return "\n".join(line for file in sorted(SCHEMAS.glob("*.json")) for line in _schema(file))


def _schema(file: Path) -> Iterator[str]:
    schema = json.loads(file.read_text(encoding="utf-8"))
    yield from (f"## {_code(file.name)}", "", f"{_line(schema.get('title', file.stem))}.", "")
    if "description" in schema:
        yield from (_line(schema["description"]), "")
    for name, part in (("", schema), *schema.get("$defs", {}).items()):
        if "properties" not in part:
            continue
        yield from (f"### {_code(name)}" if name else "### the whole", "")
        if "description" in part and name:
            yield from (_line(part["description"]), "")
        yield from _keys(part)


def _keys(part: Mapping[str, Any]) -> Iterator[str]:
    yield "| key | | holds |"
    yield "| --- | --- | --- |"
    for key, row in part["properties"].items():
        needed = "" if key in part.get("required", ()) else "may be absent"
        yield f"| {_code(key)} | {needed} | {_holds(row)} |"
    yield ""


def _holds(row: Mapping[str, Any]) -> str:
    said = f" {_line(row['description'])}" if "description" in row else ""
    return f"{_kind(row)}{said}"


def _kind(row: Mapping[str, Any]) -> str:
    if "$ref" in row:
        return _code(row["$ref"].rpartition("/")[2])
    if "const" in row:
        return _code(str(row["const"]))
    if "enum" in row:
        return ", ".join(_code(str(one)) for one in row["enum"])
    choices = [_kind(one) for key in ("oneOf", "anyOf") for one in row.get(key, ())]
    if choices:
        return " or ".join(choices)
    kinds = row.get("type", "anything")
    if kinds == "array":
        return f"list of {_kind(row.get('items', {}))}"
    return " or ".join(kinds) if isinstance(kinds, list) else str(kinds)


PAGES: Mapping[str, Callable[[str], str]] = {
    "cli": cli,
    "rules": rules,
    "rule-index": rule_index,
    "settings": settings,
    "schemas": schemas,
}
"""What may stand behind `<!-- generated:` on a page."""
