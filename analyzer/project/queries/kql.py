"""KQL for Sentinel and Defender: process, network, name and file events, and the volume sent.

Queries stand apart by an empty line, as the consoles take them; each can be run by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.project.queries.subject import Subject

_WHO = "DeviceName, InitiatingProcessAccountName"


def render(subject: Subject) -> str:
    """Every query with its heading."""
    return "\n\n".join(f"// {title}\n{text}" for title, text in _queries(subject)) + "\n"


def _queries(subject: Subject) -> Iterator[tuple[str, str]]:
    what = subject.title
    if subject.names:
        yield f"Processes that name crates of: {what} (DeviceProcessEvents)", _processes(subject)
    if subject.hosts or subject.addresses or subject.lookalikes:
        yield f"Connections of builds to hosts of: {what} (DeviceNetworkEvents)", _network(subject)
        yield f"Any connection to hosts of: {what} (DeviceNetworkEvents)", _anyone(subject)
        yield f"Names looked up: {what} (ASimDnsActivityLogs)", _names(subject)
        yield (
            f"Bytes sent through proxies and firewalls: {what} (CommonSecurityLog)",
            _sent(subject),
        )
        yield f"Bytes sent by machines: {what} (ASimNetworkSessionLogs)", _sessions(subject)
    yield f"Uploads beneath builds: {what} (DeviceProcessEvents)", _uploads(subject)
    yield (
        f"Files that builds write where they should not: {what} (DeviceFileEvents)",
        _files(subject),
    )
    yield f"Secret files read beneath builds: {what} (DeviceEvents)", _reads(subject)


def _head(subject: Subject, *lists: tuple[str, Iterable[str]]) -> list[str]:
    from_ = f"datetime({subject.from_})" if subject.from_ else "ago(90d)"
    to = f"datetime({subject.to})" if subject.to else "now()"
    rows = [f"let from_day = {from_};", f"let to_day = {to};"]
    filled = ((name, _texts(values)) for name, values in lists)
    return [*rows, *(f"let {name} = dynamic([{texts}]);" for name, texts in filled if texts)]


def _texts(values: Iterable[str]) -> str:
    return ", ".join(f'"{one}"' for one in values)


def _programs(values: Iterable[str]) -> tuple[str, ...]:
    """Names as Linux and as Windows have them."""
    return tuple(name for one in values for name in (one, f"{one}.exe"))


def _processes(subject: Subject) -> str:
    return "\n".join(
        (
            *_head(subject, ("crates", subject.names)),
            "DeviceProcessEvents",
            "| where Timestamp between (from_day .. to_day)",
            "| where ProcessCommandLine has_any (crates)",
            "    or InitiatingProcessCommandLine has_any (crates)",
            "    or FolderPath has_any (crates)",
            f"| project Timestamp, {_WHO}, FileName, FolderPath, ProcessCommandLine,",
            "    InitiatingProcessFileName, InitiatingProcessCommandLine",
            "| order by Timestamp asc",
        )
    )


def _hosts(subject: Subject) -> tuple[tuple[str, Iterable[str]], ...]:
    return (("hosts", subject.hosts), ("addresses", subject.addresses))


def _is_host(subject: Subject, column: str, address: str = "") -> str:
    """The condition that a column holds a host of the campaign, or one made to look like its."""
    parts = [f"{column} has_any (hosts)"] if subject.hosts else []
    if address and subject.addresses:
        parts.append(f"{address} in (addresses)")
    for stem, honest in subject.lookalikes:
        like = rf'{column} matches regex @"(?i)(^|[./@]){stem}[a-z0-9-]*[.][a-z]+([:/]|$)"'
        parts.append(
            f'({like} and not({column} matches regex @"(?i)(^|[./@]){_escaped(honest)}([:/]|$)"))'
        )
    return "\n    or ".join(parts) or "false"


def _escaped(host: str) -> str:
    return host.replace(".", "[.]")


def _network(subject: Subject) -> str:
    programs = (
        *_programs(subject.builders),
        *_programs(subject.shells),
        *_programs(subject.senders),
    )
    return "\n".join(
        (
            *_head(subject, *_hosts(subject), ("programs", programs), ("crates", subject.names)),
            "DeviceNetworkEvents",
            "| where Timestamp between (from_day .. to_day)",
            f"| where {_is_host(subject, 'RemoteUrl', 'RemoteIP')}",
            "| where InitiatingProcessFileName in~ (programs)",
            "    or InitiatingProcessParentFileName in~ (programs)",
            '    or InitiatingProcessFileName startswith "build-script"',
            *(("    or InitiatingProcessCommandLine has_any (crates)",) if subject.names else ()),
            "| summarize Connections = count(), First = min(Timestamp), Last = max(Timestamp),",
            "    CommandLines = make_set(InitiatingProcessCommandLine, 20)",
            f"    by {_WHO}, InitiatingProcessFileName, RemoteUrl, RemoteIP, RemotePort",
            "| order by First asc",
        )
    )


def _anyone(subject: Subject) -> str:
    return "\n".join(
        (
            *_head(subject, *_hosts(subject)),
            "DeviceNetworkEvents",
            "| where Timestamp between (from_day .. to_day)",
            f"| where {_is_host(subject, 'RemoteUrl', 'RemoteIP')}",
            "| summarize Connections = count(), First = min(Timestamp), Last = max(Timestamp)",
            "    by DeviceName, InitiatingProcessFileName, RemoteUrl, RemoteIP",
            "| order by First asc",
        )
    )


def _names(subject: Subject) -> str:
    return "\n".join(
        (
            *_head(subject, *_hosts(subject)),
            "ASimDnsActivityLogs",
            "| where TimeGenerated between (from_day .. to_day)",
            f"| where {_is_host(subject, 'DnsQuery')}",
            "| summarize Lookups = count(), First = min(TimeGenerated), Last = max(TimeGenerated)",
            "    by SrcIpAddr, SrcHostname, DnsQuery",
            "| order by First asc",
        )
    )


def _sent(subject: Subject) -> str:
    return "\n".join(
        (
            *_head(subject, *_hosts(subject)),
            f"let threshold = {subject.min_sent_bytes};",
            "CommonSecurityLog",
            "| where TimeGenerated between (from_day .. to_day)",
            f"| where {_is_host(subject, 'DestinationHostName', 'DestinationIP')}",
            f"    or {_is_host(subject, 'RequestURL')}",
            "| summarize Sent = sum(SentBytes), Requests = count(), First = min(TimeGenerated),",
            "    Last = max(TimeGenerated)",
            "    by SourceIP, SourceUserName, DestinationHostName, DestinationIP",
            "| where Sent > threshold",
            "| order by Sent desc",
        )
    )


def _sessions(subject: Subject) -> str:
    return "\n".join(
        (
            *_head(subject, *_hosts(subject)),
            f"let threshold = {subject.min_sent_bytes};",
            "ASimNetworkSessionLogs",
            "| where TimeGenerated between (from_day .. to_day)",
            f"| where {_is_host(subject, 'DstHostname', 'DstIpAddr')}",
            "| summarize Sent = sum(SrcBytes), Sessions = count(), First = min(TimeGenerated),",
            "    Last = max(TimeGenerated)",
            "    by SrcHostname, SrcIpAddr, SrcProcessName, DstHostname, DstIpAddr",
            "| where Sent > threshold",
            "| order by Sent desc",
        )
    )


def _uploads(subject: Subject) -> str:
    """Programs that send, started beneath a build, with words of an upload or of the campaign."""
    words = ("--upload-file", "--data-binary", "--form", "@.env", ".env", *subject.hosts)
    return "\n".join(
        (
            *_head(
                subject,
                ("builders", _programs(subject.builders)),
                ("senders", _programs((*subject.senders, *subject.shells))),
                ("words", words),
            ),
            "DeviceProcessEvents",
            "| where Timestamp between (from_day .. to_day)",
            "| where FileName in~ (senders)",
            "| where InitiatingProcessFileName in~ (builders)",
            "    or InitiatingProcessParentFileName in~ (builders)",
            '    or InitiatingProcessFileName startswith "build-script"',
            '    or InitiatingProcessFolderPath has "target"',
            "| where ProcessCommandLine has_any (words)",
            f"| project Timestamp, {_WHO}, FileName, ProcessCommandLine,",
            "    InitiatingProcessFileName, InitiatingProcessFolderPath",
            "| order by Timestamp asc",
        )
    )


def _files(subject: Subject) -> str:
    names = tuple(dict.fromkeys(one.rpartition("/")[2] for one in subject.files))
    wanted = tuple(dict.fromkeys(("authorized_keys", "credentials.toml", *names)))
    return "\n".join(
        (
            *_head(subject, ("builders", _programs(subject.builders)), ("files", wanted)),
            "DeviceFileEvents",
            "| where Timestamp between (from_day .. to_day)",
            "| where InitiatingProcessFileName in~ (builders)",
            "    or InitiatingProcessParentFileName in~ (builders)",
            '    or InitiatingProcessFileName startswith "build-script"',
            "| where FileName in~ (files)",
            '    or FolderPath has ".ssh"',
            '    or FolderPath has "systemd"',
            '    or FolderPath has "LaunchAgents"',
            f"| project Timestamp, {_WHO}, ActionType, FolderPath, FileName, SHA256,",
            "    InitiatingProcessFileName, InitiatingProcessCommandLine",
            "| order by Timestamp asc",
        )
    )


def _reads(subject: Subject) -> str:
    return "\n".join(
        (
            *_head(
                subject,
                ("builders", _programs(subject.builders)),
                ("senders", _programs(subject.senders)),
            ),
            "DeviceEvents",
            "| where Timestamp between (from_day .. to_day)",
            '| where ActionType == "SensitiveFileRead"',
            "| where InitiatingProcessFileName in~ (builders)",
            "    or InitiatingProcessParentFileName in~ (builders)",
            "    or InitiatingProcessFileName in~ (senders)",
            f"| project Timestamp, {_WHO}, FolderPath, FileName,",
            "    InitiatingProcessFileName, InitiatingProcessCommandLine",
            "| order by Timestamp asc",
        )
    )
