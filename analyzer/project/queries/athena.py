"""SQL for Athena over a CloudTrail table: what stolen cloud keys are used for.

The table is `cloudtrail_logs`, with the columns that the service's own documentation creates.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.project.queries.subject import Subject

_TABLE = "cloudtrail_logs"
_IAM = (
    *("CreateUser", "CreateAccessKey", "CreateLoginProfile", "UpdateLoginProfile"),
    *("AttachUserPolicy", "AttachRolePolicy", "PutUserPolicy", "PutRolePolicy", "AddUserToGroup"),
    *("CreateRole", "UpdateAssumeRolePolicy", "CreatePolicyVersion", "DeactivateMFADevice"),
    *("CreateSAMLProvider", "CreateOpenIDConnectProvider"),
)
_COMPUTE = (
    *("RunInstances", "RequestSpotInstances", "CreateFunction20150331", "RunTask"),
    *("CreateKeyPair", "ImportKeyPair", "ModifySnapshotAttribute", "ModifyImageAttribute"),
    *("CreateCluster", "SendCommand", "StartSession"),
)
_READS = (
    "GetObject",
    "ListObjects",
    "ListObjectsV2",
    "ListBuckets",
    "CopyObject",
    "GetBucketPolicy",
)
_SECRETS = (
    "GetSecretValue",
    "ListSecrets",
    "GetParameter",
    "GetParameters",
    "Decrypt",
    "GetPasswordData",
)
_WHO = "useridentity.arn AS who, useridentity.accesskeyid AS access_key"


def render(subject: Subject) -> str:
    """Every statement behind a comment with its title."""
    return "\n\n".join(f"-- {title}\n{text};" for title, text in _statements(subject)) + "\n"


def _statements(subject: Subject) -> Iterator[tuple[str, str]]:
    what = subject.title
    yield f"How keys are first tried, from addresses never seen before: {what}", _first(subject)
    yield f"Identities and rights that were changed: {what}", _by_names(subject, _IAM)
    yield f"Object storage read from new addresses: {what}", _new_addresses(subject, _READS)
    yield f"Secrets read from new addresses: {what}", _new_addresses(subject, _SECRETS)
    yield f"New machines, functions and shared snapshots: {what}", _by_names(subject, _COMPUTE)
    yield f"Keys used from several addresses: {what}", _spread(subject)


def _window(subject: Subject, column: str = "eventtime") -> str:
    until = f"'{subject.to}T23:59:59Z'" if subject.to else _ago(0)
    return f"{column} BETWEEN {_day(subject)} AND {until}"


def _ago(days: int) -> str:
    return f"to_iso8601(current_timestamp - INTERVAL '{days}' DAY)"


def _day(subject: Subject) -> str:
    return f"'{subject.from_}T00:00:00Z'" if subject.from_ else _ago(90)


def _before(subject: Subject) -> str:
    return f"eventtime < {_day(subject)}"


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{one}'" for one in names)


def _known(subject: Subject) -> str:
    """Addresses by identity that were there before the window."""
    return (
        f"WITH known AS (\n  SELECT DISTINCT useridentity.arn AS arn, sourceipaddress AS address\n"
        f"  FROM {_TABLE}\n  WHERE {_before(subject)}\n)"
    )


def _first(subject: Subject) -> str:
    return _new_addresses(subject, ("GetCallerIdentity", "GetAccountAuthorizationDetails"))


def _new_addresses(subject: Subject, names: tuple[str, ...]) -> str:
    return (
        f"{_known(subject)}\n"
        f"SELECT t.useridentity.arn AS who, t.useridentity.accesskeyid AS access_key, "
        "t.sourceipaddress,\n  t.useragent, t.eventname, count(*) AS calls, "
        "min(t.eventtime) AS first_call, max(t.eventtime) AS last_call\n"
        f"FROM {_TABLE} AS t\n"
        "LEFT JOIN known AS k ON k.arn = t.useridentity.arn AND k.address = t.sourceipaddress\n"
        f"WHERE {_window(subject, 't.eventtime')}\n"
        f"  AND t.eventname IN ({_list(names)})\n  AND k.address IS NULL\n"
        "GROUP BY t.useridentity.arn, t.useridentity.accesskeyid, t.sourceipaddress, "
        "t.useragent, t.eventname\nORDER BY first_call"
    )


def _by_names(subject: Subject, names: tuple[str, ...]) -> str:
    return (
        f"SELECT eventtime, eventname, awsregion, {_WHO}, sourceipaddress, useragent,\n"
        f"  errorcode, requestparameters\nFROM {_TABLE}\nWHERE {_window(subject)}\n"
        f"  AND eventname IN ({_list(names)})\nORDER BY eventtime"
    )


def _spread(subject: Subject) -> str:
    return (
        f"SELECT {_WHO}, count(DISTINCT sourceipaddress) AS addresses,\n"
        "  array_agg(DISTINCT sourceipaddress) AS which, min(eventtime) AS first_call\n"
        f"FROM {_TABLE}\nWHERE {_window(subject)} AND useridentity.accesskeyid IS NOT NULL\n"
        "GROUP BY useridentity.arn, useridentity.accesskeyid\n"
        "HAVING count(DISTINCT sourceipaddress) > 1\nORDER BY addresses DESC"
    )
