"""Texts that speak for themselves: URLs, addresses, secret paths, encoded runs and their content.

Works on constants as written, on texts that folding put together, and on what common encodings
of either hide; each decoded text keeps how it came about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.addresses import host_of
from analyzer.facts.hosts import lookalike
from analyzer.facts.view import CrateView
from analyzer.model import Fact, FactKind, Phase
from analyzer.syntax.machine.decoders import from_base64
from analyzer.syntax.telling import BASE64, HEX, is_encoded, is_readable, key_shape, telling
from analyzer.syntax.texts import TextSite, written
from analyzer.syntax.vocabulary import compiled

_URL = re.compile(r"\b(?:https?|wss?|ftp|tcp|udp|ssh|stratum\+tcp)://[^\s\"'<>`\\]{3,500}")
_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?(?![\d.])")
_DOWNLOADS = re.compile(
    r"(?i)\b(?:curl|wget|iwr|irm|invoke-webrequest|invoke-restmethod|certutil|bitsadmin|mshta"
    r"|download(?:string|file|data)|urlretrieve|urlopen)\b"
    r"[^\n]{0,120}?(?:://|\d\.\d{1,3}\.\d{1,3}\.\d)[^\s'\"|;]*"
)
"""A command of a shell that fetches from a fixed place."""
_REVERSED = re.compile(r"//:|/[\w.]+$|\d\.\d")
"""What a reversed URL, path or address shows; other texts are not worth a second look."""


def facts(view: CrateView) -> Iterator[Fact]:
    """Facts from every text constant of the sources."""
    lists = view.signatures.indicators
    quick, _ = telling(lists["credential-paths"], lists["telling-texts"])
    yield from _suffixes(view)
    for site in view.texts(quick):
        if site.value.is_unknown:
            continue
        text = site.value.text[:20_000]
        yield from _plain(view, site, text, site.value.derivation)
        if site.value.is_constant:
            yield from _decoded(view, site, text)


def _suffixes(view: CrateView) -> Iterator[Fact]:
    """Endings of the names of secrets, in build scripts: what picks them out of many."""
    suffixes = view.signatures.indicators["secret-suffixes"]
    words = b"|".join(re.escape(one.value.encode()) for one in suffixes.entries)
    scripts = {
        file for file in view.code.outlines if Phase.BUILD_SCRIPT in view.phases.get(file, ())
    }
    for site in written(view.code, compiled(rb"(?im:^(?:%b)$)" % words), scripts):
        yield view.fact(FactKind.MENTION, "secret-suffix", site)


def _plain(
    view: CrateView, site: TextSite, text: str, derivation: tuple[str, ...]
) -> Iterator[Fact]:
    for match in _URL.findall(text)[:20]:
        api = lookalike(host_of(match), view.signatures)
        yield view.fact(FactKind.VALUE_URL, match, site, api=api, derivation=derivation)
    for match in _IPV4.findall(text)[:20]:
        if _is_address(match):
            yield view.fact(FactKind.VALUE_ADDRESS, match, site, derivation=derivation)
    command = download_in(text)
    if command:
        yield view.fact(FactKind.VALUE_COMMAND, command, site, derivation=derivation)
    word = view.signatures.indicators["telling-texts"].match(text)
    if word is not None:
        yield view.fact(FactKind.MENTION, word.group, site, derivation=derivation)
    shape = key_shape(text[:2_000])
    if shape:
        yield view.fact(FactKind.VALUE_SECRET_PATTERN, shape, site, derivation=derivation)
    secrets = view.signatures.indicators.get("credential-paths")
    if secrets is not None and len(text) < 300 and "\n" not in text:
        entry = secrets.match(text)
        if entry is not None:
            yield view.fact(
                FactKind.PATH_SECRET, text, site, api=entry.group, derivation=derivation
            )


def download_in(text: str) -> str:
    """The first command of a text that fetches from a fixed place, or nothing."""
    command = _DOWNLOADS.search(text)
    return command[0] if command is not None else ""


def _is_address(text: str) -> bool:
    """A plausible public address: versions, masks and local addresses are not."""
    octets = [int(one) for one in text.partition(":")[0].split(".")]
    if any(one > 255 for one in octets) or octets[0] in (0, 127) or octets[0] >= 224:
        return False
    return octets[0] >= 10 or ":" in text  # `1.2.3.4` alone is most often a version


def _decoded(view: CrateView, site: TextSite, text: str) -> Iterator[Fact]:
    """What base64, hex or reversal of a constant hides, if it is text that matters."""
    compact = text.strip()
    encodings: list[tuple[str, str]] = []
    if BASE64.fullmatch(compact):
        encodings.append(("base64", _from_base64(compact)))
    if HEX.fullmatch(compact):
        encodings.append(("hex", _from_hex(compact)))
    if is_encoded(compact):
        yield view.fact(
            FactKind.VALUE_ENCODED, f"{encodings[0][0]}, {len(compact)} characters", site
        )
    if 8 <= len(compact) <= 500 and _REVERSED.search(compact):
        encodings.append(("reversed", compact[::-1]))
    for step, plain in encodings:
        if len(plain) >= 6:
            yield from _plain(view, site, plain, (*site.value.derivation, step))


def _from_base64(text: str) -> str:
    try:
        return _as_text(from_base64(text.encode()))
    except ValueError:
        return ""


def _from_hex(text: str) -> str:
    return _as_text(bytes.fromhex(text))


def _as_text(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return ""
    return text if is_readable(text) else ""
