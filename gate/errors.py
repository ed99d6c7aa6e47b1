"""What can go wrong in a gate beside the command's own errors.

CratescopeError
└── GateError              1     base of these
    ├── StoreUnreachable   1     the database does not answer: no decision can be kept
    ├── AnalysisDown       1     no release can be judged
    ├── Busy               1     too much waits to be judged
    └── NotPermitted       2     a person may not do this (approve their own waiver, ...)
"""

from __future__ import annotations

from analyzer.errors import CratescopeError


class GateError(CratescopeError):
    """Something of the gate itself."""


class StoreUnreachable(GateError):
    """The database does not answer."""


class AnalysisDown(GateError):
    """No worker judges anything: not this crate is at fault but the machine."""


class Busy(GateError):
    """The queue is full: nothing is served unjudged, so the client has to come again."""


class NotPermitted(GateError):
    """The request is understood and refused."""

    exit_code = 2
