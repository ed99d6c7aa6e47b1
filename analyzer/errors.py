"""Every error that cratescope raises on purpose, one tree.

CratescopeError            exit  the message says what, why and what to do, in one line
├── UsageError             2     the request makes no sense
│   ├── UnknownCrate       2     no such crate or version
│   └── SignatureError     2     a rule, indicator or catalogue file is wrong
├── TomlError              2     a TOML text cannot be read (file and line in the message)
├── YamlError              2     a YAML text cannot be read (file and line in the message)
├── RegistryUnreachable    30    a gap: network or registry out of reach, or --offline
├── ChecksumMismatch       20    the bytes are not the ones the index names
├── WorkerFailure          30    the confined worker died on one crate
└── InternalError          1     our own failure (a full disk, a broken installation)
"""

from __future__ import annotations


class CratescopeError(Exception):
    """Base of all; `exit_code` is what the command ends with, `remedy` what to do next."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class UsageError(CratescopeError):
    """The request makes no sense."""

    exit_code = 2


class UnknownCrate(UsageError):
    """The registry has no such crate or version."""


class SignatureError(UsageError):
    """A rule, indicator or catalogue file is wrong."""


class TomlError(CratescopeError):
    """A TOML text cannot be read."""

    exit_code = 2


class YamlError(CratescopeError):
    """A YAML text cannot be read, or is over a bound."""

    exit_code = 2


class RegistryUnreachable(CratescopeError):
    """The network or the registry is out of reach, or the answer is not in an offline cache."""

    exit_code = 30


class ChecksumMismatch(CratescopeError):
    """Bytes differ from the checksum that the index names; they were not analyzed."""

    exit_code = 20

    def __init__(self, message: str, *, expected: str, actual: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.expected = expected
        self.actual = actual


class WorkerFailure(CratescopeError):
    """The confined worker died or answered nonsense."""

    exit_code = 30


class InternalError(CratescopeError):
    """Our own failure."""
