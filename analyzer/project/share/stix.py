"""A STIX 2.1 bundle: the campaign, a malware object a crate, indicators and how they relate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import stix2

from analyzer.project.incident.model import BadCrate
from analyzer.project.share.package import Package


def render(package: Package) -> str:
    """The bundle, with the same ids each time. Ends with a line feed."""
    made = _Made(package)
    objects = list(made.objects())
    bundle = stix2.Bundle(id=f"bundle--{package.identity('bundle')}", objects=objects)
    return str(bundle.serialize(pretty=True)) + "\n"


class _Made:
    def __init__(self, package: Package) -> None:
        self.package = package
        self.common = {"created": package.made, "modified": package.made}

    def objects(self) -> Iterator[Any]:
        """Everything of the bundle, in a fixed order."""
        author = stix2.Identity(
            id=self._id("identity"),
            name="cratescope",
            identity_class="system",
            **self.common,
        )
        self.common["created_by_ref"] = author.id
        campaign = stix2.Campaign(id=self._id("campaign"), name=self.package.title, **self.common)
        yield author
        yield campaign
        for crate in self.package.crates:
            malware = self._malware(crate)
            yield malware
            yield self._related(campaign.id, "uses", malware.id)
            yield from self._indicated(malware.id, self._name(crate), _pattern(crate))
            for kind, text, pattern in _patterns(crate):
                yield from self._indicated(malware.id, f"{kind} {text}", pattern)

    def _id(self, kind: str, *parts: str) -> str:
        return f"{kind}--{self.package.identity(kind, *parts)}"

    @staticmethod
    def _name(crate: BadCrate) -> str:
        return f"crate {crate.name}"

    def _malware(self, crate: BadCrate) -> Any:
        references = [{"source_name": _source(one), "external_id": one} for one in crate.advisories]
        more = {"external_references": references} if references else {}
        return stix2.Malware(
            id=self._id("malware", crate.name),
            name=crate.name,
            is_family=False,
            malware_types=["trojan"],
            description=crate.summary,
            **more,
            **self.common,
        )

    def _indicated(self, malware: str, name: str, pattern: str) -> Iterator[Any]:
        indicator = stix2.Indicator(
            id=self._id("indicator", malware, pattern),
            name=name,
            indicator_types=["malicious-activity"],
            pattern=pattern,
            pattern_type="stix",
            valid_from=self.package.made,
            **self.common,
        )
        yield indicator
        yield self._related(indicator.id, "indicates", malware)

    def _related(self, source: str, how: str, target: str) -> Any:
        return stix2.Relationship(
            id=self._id("relationship", source, how, target),
            source_ref=source,
            relationship_type=how,
            target_ref=target,
            **self.common,
        )


def _source(advisory: str) -> str:
    """Who gave an id; the standard writes the one of CVE in small letters."""
    name = advisory.partition("-")[0]
    return "cve" if name == "CVE" else name


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _pattern(crate: BadCrate) -> str:
    """The package itself, as software of a name and versions."""
    name = f"software:name = {_text(crate.name)}"
    if crate.is_any_version:
        return f"[{name}]"
    versions = " OR ".join(f"software:version = {_text(one)}" for one in crate.versions)
    return f"[{name} AND ({versions})]"


def _patterns(crate: BadCrate) -> Iterator[tuple[str, str, str]]:
    traces = crate.traces
    for one in traces.hosts:
        yield "host", one, f"[domain-name:value = {_text(one)}]"
    for one in traces.addresses:
        kind = "ipv6-addr" if ":" in one else "ipv4-addr"
        yield "address", one, f"[{kind}:value = {_text(one)}]"
    for one in traces.urls:
        yield "url", one, f"[url:value = {_text(one)}]"
    for one in traces.sha256:
        yield "sha256", one, f"[file:hashes.'SHA-256' = {_text(one)}]"
    for one in traces.mails:
        yield "mail", one, f"[email-addr:value = {_text(one)}]"
