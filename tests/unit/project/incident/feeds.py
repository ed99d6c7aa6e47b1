"""A small feed of campaigns, of the shape of the shipped files."""

from __future__ import annotations

from collections.abc import Mapping

from tests.unit.registry.feeds import pack

LIST = """
[meta]
compiled = "2026-11-25"

[[crate]]
name = "quokka-clock"
versions = ["*"]
kind = "malware"
campaign = "quokka ring (2026-11)"
advisories = ["RUSTSEC-2026-9001"]
summary = "A clock that reads more than the time."
iocs = { domains = ["quokka-time.invalid"] }

[[crate]]
name = "hijacked"
versions = ["1.0.1"]
kind = "compromised-release"

[[crate]]
name = "quokka-safe"
versions = ["*"]
kind = "affiliated"
"""
CAMPAIGN = """
id = "quokka-ring"
title = "the ring of quokkas"
label = "quokka ring (2026-11)"
near = ["quokkaclock*"]
secrets = ["ssh"]

[[crate]]
name = "quokka-extra"
"""


def campaign_feed(more: Mapping[str, str] | None = None) -> bytes:
    """The list and one campaign, packed; `more`: other files of the archive."""
    files = {
        "signatures/known-malicious-crates.toml": LIST,
        "signatures/campaigns/quokka-ring.toml": CAMPAIGN,
    }
    return pack(files | dict(more or {}))
