"""Sigma rules, one YAML document each: for whatever log store has a converter.

Scalars are written as JSON, which every YAML reader takes as it is.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping

from analyzer.project.queries.subject import Subject

_SPACE = uuid.UUID("5c1b7a0e-6c1d-5f0a-9d5e-2f9f6b1d8c11")
_AUTHOR = "cratescope"
_FALSE = ("A project of one's own that bears one of these names",)
Rule = Mapping[str, object]


def render(subject: Subject) -> str:
    """All rules, apart by `---`."""
    return "---\n".join(_yaml(one) for one in _rules(subject))


def _rules(subject: Subject) -> Iterator[Rule]:
    yield _processes(subject)
    if subject.hosts:
        yield _names(subject)
        yield _proxy(subject)
    if subject.hosts or subject.addresses:
        yield _network(subject)
    yield _uploads(subject)
    yield _keys(subject)


def _rule(subject: Subject, key: str, title: str, parts: Mapping[str, object]) -> Rule:
    return {
        "title": title[:100],
        "id": str(uuid.uuid5(_SPACE, f"{subject.id}/{key}")),
        "status": "experimental",
        "description": f"From the campaign or report: {subject.title}",
        "author": _AUTHOR,
        **({"date": subject.from_} if subject.from_ else {}),
        **parts,
        "falsepositives": list(_FALSE),
        "level": "high",
    }


def _processes(subject: Subject) -> Rule:
    words = {"CommandLine|contains": list(subject.names)}
    images = {"Image|contains": list(subject.names)}
    parts = {
        "tags": ["attack.initial-access", "attack.t1195.001"],
        "logsource": {"category": "process_creation"},
        "detection": {"command": words, "image": images, "condition": "command or image"},
    }
    return _rule(subject, "process", "Process Names a Crate on Record", parts)


def _names(subject: Subject) -> Rule:
    parts = {
        "tags": ["attack.exfiltration", "attack.t1567"],
        "logsource": {"category": "dns_query"},
        "detection": {"host": {"QueryName|endswith": list(subject.hosts)}, "condition": "host"},
    }
    return _rule(subject, "dns", "Lookup of a Host of a Bad Crate", parts)


def _proxy(subject: Subject) -> Rule:
    parts = {
        "tags": ["attack.exfiltration", "attack.t1567"],
        "logsource": {"category": "proxy"},
        "detection": {
            "host": {"cs-host|endswith": list(subject.hosts)},
            "condition": "host",
        },
    }
    return _rule(subject, "proxy", "Request to a Host of a Bad Crate", parts)


def _network(subject: Subject) -> Rule:
    hosts = {"DestinationHostname|endswith": list(subject.hosts)}
    addresses = {"DestinationIp": list(subject.addresses)}
    both = {
        **({"host": hosts} if subject.hosts else {}),
        **({"address": addresses} if subject.addresses else {}),
    }
    parts = {
        "tags": ["attack.command-and-control", "attack.t1071.001"],
        "logsource": {"category": "network_connection"},
        "detection": {**both, "condition": " or ".join(both)},
    }
    return _rule(subject, "network", "Connection to a Host of a Bad Crate", parts)


def _programs(names: tuple[str, ...]) -> list[str]:
    return [end for one in names for end in (f"/{one}", f"\\{one}.exe")]


def _uploads(subject: Subject) -> Rule:
    """What sends, started by a build: a form, a file, or one of the hosts."""
    words = ["--upload-file", "--data-binary", "--form", "=@", " -F ", " -T ", *subject.hosts]
    parts = {
        "tags": ["attack.exfiltration", "attack.t1041"],
        "logsource": {"category": "process_creation"},
        "detection": {
            "parent": {"ParentImage|endswith": _programs(subject.builders)},
            "script": {"ParentImage|contains": ["/build-script-", "\\build-script-"]},
            "sender": {"Image|endswith": _programs((*subject.senders, *subject.shells))},
            "words": {"CommandLine|contains": words},
            "condition": "(parent or script) and sender and words",
        },
    }
    return _rule(subject, "upload", "Upload Started by a Rust Build", parts)


def _keys(subject: Subject) -> Rule:
    wanted = [one.rpartition("/")[2] for one in subject.files]
    names = dict.fromkeys(("authorized_keys", *wanted))
    parts = {
        "tags": ["attack.persistence", "attack.t1098.004"],
        "logsource": {"category": "file_event"},
        "detection": {
            "parent": {"Image|endswith": _programs(subject.builders)},
            "script": {"Image|contains": ["/build-script-", "\\build-script-"]},
            "file": {"TargetFilename|endswith": [f"/{one}" for one in names]},
            "condition": "(parent or script) and file",
        },
    }
    return _rule(subject, "file", "Secret or Login File Written by a Rust Build", parts)


def _yaml(value: object, indent: str = "") -> str:
    """A mapping, list or scalar as block YAML."""
    if isinstance(value, Mapping):
        return "".join(f"{indent}{key}:{_inner(one, indent)}" for key, one in value.items())
    if isinstance(value, list):
        return "".join(f"{indent}- {_scalar(one)}\n" for one in value)
    return f"{indent}{_scalar(value)}\n"


def _inner(value: object, indent: str) -> str:
    if isinstance(value, (Mapping, list)):
        return f"\n{_yaml(value, f'{indent}    ')}"
    return f" {_scalar(value)}\n"


def _scalar(value: object) -> str:
    return json.dumps(value)
