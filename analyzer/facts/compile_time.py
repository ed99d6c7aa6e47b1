"""What the compiler does for the source: reads variables and files, assembles text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from analyzer.facts.strings import download_in
from analyzer.facts.view import CrateView
from analyzer.model import UNKNOWN, Fact, FactKind, Phase
from analyzer.syntax.code import included_path
from analyzer.syntax.texts import MacroSite

_INCBIN = re.compile(r"\.incbin\s+\"([^\"]+)\"")
_MAX_TEXT = 65_536
_OWN = ("CARGO", "OUT_DIR", "PROFILE", "TARGET", "HOST", "RUSTC", "RUSTDOC")


def facts(view: CrateView) -> Iterator[Fact]:
    """`env!`, `include_*!` and inline assembly."""
    for name in ("env", "option_env"):
        for site in view.macros.get(name, ()):
            subject = _text(site)
            if not subject.startswith(_OWN) or _is_secret(view, subject):
                yield _compiled(view.fact(FactKind.ENV_READ, subject, site, api=f"{name}!"))
    for name in ("include_str", "include_bytes"):
        for site in view.macros.get(name, ()):
            yield from _included(view, site)
    for name in ("asm", "global_asm", "naked_asm"):
        for site in view.macros.get(name, ()):
            yield view.fact(FactKind.CODE_NATIVE, name, site, api=f"{name}!")
            for path in _INCBIN.findall(" ".join(one.text for one in site.arguments)):
                yield _compiled(view.fact(FactKind.FILE_READ, path, site, api=".incbin"))


def _is_secret(view: CrateView, name: str) -> bool:
    """Cargo's own prefix on a token's name (`CARGO_REGISTRY_TOKEN`) does not make it harmless."""
    secrets = view.signatures.indicators.get("secret-variables")
    return secrets is not None and secrets.match(name) is not None


def _text(site: MacroSite) -> str:
    first = site.arguments[0] if site.arguments else None
    return UNKNOWN if first is None or first.is_unknown else first.text


def _compiled(fact: Fact) -> Fact:
    return replace(fact, phases=(*fact.phases, Phase.COMPILE))


def _included(view: CrateView, site: MacroSite) -> Iterator[Fact]:
    subject = _text(site)
    yield view.fact(FactKind.CODE_EMBED, subject, site, api=f"{site.name}!")
    first = site.arguments[0] if site.arguments else None
    if first is None or first.is_unknown or subject.startswith("{out}"):
        return
    packaged = included_path(site.file, first)
    command = download_in(_content(view, packaged))
    if command:
        yield view.fact(FactKind.VALUE_COMMAND, command, site, api=f"{site.name}!")
    if not packaged:
        yield _compiled(view.fact(FactKind.FILE_READ, subject, site, api=f"{site.name}!"))


def _content(view: CrateView, path: str) -> str:
    """The text of a packaged file that is no documentation."""
    file = view.files.get(path) if not path.endswith(".md") else None
    return file.data[:_MAX_TEXT].decode("utf-8", "replace") if file is not None else ""
