"""Files that an editor, an assistant or a shell runs by itself, and the commands that they give.

Read with the tolerance of the tools that obey them: comments and loose commas are nothing to trip
over, so commands are taken by their keys and not by parsing the whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from analyzer.facts.files import looks_disguised
from analyzer.facts.view import CrateView
from analyzer.model import Fact, FactKind, Member, Span

_TEXT = r'"(?:[^"\\\n]|\\.)*"'
_COMMAND = re.compile(
    rf'"(?:command|args|\w*Command|run|script|program|runtimeArgs)"\s*:\s*'
    rf"(?P<given>{_TEXT}|\[\s*(?:{_TEXT}\s*,?\s*)*\])"
)
_STRING = re.compile(_TEXT)
_DISGUISED = "starts {}, a script or program named like a picture or font"
_HIDDEN = re.compile(
    r'"reveal"\s*:\s*"(?:never|silent)"|>\s*/dev/null|\bnohup\b|(?i:-w\w*\s+hidden)|\bsetsid\b'
)
_MAX_SIZE = 256 * 1024
_MAX_COMMANDS = 50


def facts(view: CrateView) -> Iterator[Fact]:
    """One fact for each such file, at its first command; `data` is what its commands do, first
    what they start under another name, whether they hide, then the commands themselves.
    """
    listed = view.signatures.indicators.get("autorun-files")
    for file in view.tree.files:
        entry = listed.match(file.path) if listed is not None else None
        if entry is None:
            continue
        is_met = entry.is_met(file.data)
        group = entry.group if is_met else f"{entry.group}-settings"
        is_read = is_met and len(file.data) <= _MAX_SIZE
        whole = file.data.decode("utf-8", "replace") if is_read else ""
        found = list(_commands(whole))
        texts = tuple(one for one, _ in found)
        started = [
            one.path
            for one in view.tree.files
            if looks_disguised(one) and any(one.path in text for text in texts)
        ]
        is_hidden = bool(texts) and _HIDDEN.search(whole) is not None
        notes = (*map(_DISGUISED.format, started), *(["hides its output"] * is_hidden))
        at = next((at for text, at in found for one in started if one in text), None)
        at = found[0][1] if at is None and found else at
        where = _at(file.path, whole, at) if at is not None else Member(file.path)
        yield Fact(FactKind.ARCHIVE_AUTORUN, file.path, where, api=group, data=(*notes, *texts))


def _commands(text: str) -> Iterator[tuple[str, int]]:
    """(command with its arguments, position) by the keys that hold them."""
    command, at, end = "", 0, 0
    for match in list(_COMMAND.finditer(text))[:_MAX_COMMANDS]:
        words = " ".join(_plain(one[0]) for one in _STRING.finditer(match["given"]))
        is_more = (
            match[0].startswith(('"args"', '"runtimeArgs"'))
            and "}" not in text[end : match.start()]
        )
        if command and not is_more:
            yield command, at
        command, at = (f"{command} {words}", at) if is_more and command else (words, match.start())
        end = match.end()
    if command:
        yield command, at


def _plain(quoted: str) -> str:
    try:
        return str(json.loads(quoted))
    except ValueError:
        return quoted.strip('"')


def _at(path: str, text: str, position: int) -> Span:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return Span(path, line, column, line)
