"""Facts from scripts inside the archive, by the shells' own grammars.

Cargo runs none of them. One that build-time code starts by its name runs then; a shipped auto-run
file may start the others, and so they speak as `unreached`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace

from analyzer.facts.programs import derived
from analyzer.facts.view import CrateView
from analyzer.model import BUILD_TIME, Fact, FactKind, Phase, SourceFile, Span

_SHELLS = {
    ".sh": "sh",
    ".bash": "sh",
    ".zsh": "sh",
    ".command": "sh",
    ".ps1": "powershell",
    ".psm1": "powershell",
    ".bat": "cmd",
    ".cmd": "cmd",
}
_SHEBANG = re.compile(rb"#!\s*\S*?/(?:env\s+)?(?:-S\s+)?(?:ba|da|z|k)?sh\b")
_FLAG = {"sh": "-c", "powershell": "-Command", "cmd": "/c"}
_MAX_SIZE = 256 * 1024


def facts(view: CrateView) -> Iterator[Fact]:
    """What each shell, PowerShell or batch script does, at the line that says so."""
    for file in view.tree.files:
        shell = _shell_of(file)
        if shell and len(file.data) <= _MAX_SIZE:
            yield from _facts(view, file, shell)


def _shell_of(file: SourceFile) -> str:
    ending = posixpath.splitext(file.path)[1].lower()
    if ending in _SHELLS:
        return _SHELLS[ending]
    return "sh" if not ending and _SHEBANG.match(file.data) else ""


def _facts(view: CrateView, file: SourceFile, shell: str) -> Iterator[Fact]:
    text = file.data.decode("utf-8", "replace")
    phases = (Phase.BUILD_SCRIPT,) if _is_started(view, file.path) else (Phase.UNREACHED,)
    whole = Fact(
        FactKind.PROCESS_SPAWN,
        shell,
        Span(file.path, 1, 1, text.count("\n") + 1, 0, len(file.data)),
        phases,
        owner=file.path,
        api="script",
        data=(_FLAG[shell], text),
    )
    for fact in derived(whole, view.signatures):
        if fact.kind is FactKind.PROCESS_SHELL and fact.subject == text:
            continue  # the script itself
        yield _placed(fact, text)


def _placed(fact: Fact, text: str) -> Fact:
    """The fact at the first line that holds its subject, or its program's name."""
    words = [fact.subject, *fact.subject.split("{}"), fact.api.partition(":")[2]]
    at = next((text.find(one) for one in words if one and text.find(one) >= 0), 0)
    start = text.rfind("\n", 0, at) + 1
    line = text.count("\n", 0, at) + 1
    snippet = text[start : start + 200].split("\n", maxsplit=1)[0].strip()
    where = fact.where
    if isinstance(where, Span):
        offset = len(text[:at].encode())
        where = Span(where.file, line, at - start + 1, line, offset, offset)
    return replace(fact, where=where, snippet=snippet, data=tuple(x[:200] for x in fact.data))


def _is_started(view: CrateView, path: str) -> bool:
    """Whether build-time code names the script."""
    name = posixpath.basename(path).encode()
    return any(
        name in outline.source
        for one, outline in view.code.outlines.items()
        if BUILD_TIME & set(view.phases.get(one, ()))
    )
