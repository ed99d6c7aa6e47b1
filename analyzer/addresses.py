r"""Hosts in texts that a program connects to: URLs, `host:port`, bare names.

Read as the URL standard's parsers read them (https://url.spec.whatwg.org), so that no spelling
that a client takes hides its host: `\` for `/`, missing slashes, user names, closing dots.
"""

from __future__ import annotations

import functools
import ipaddress
import re

_HOLES = re.compile(r"\{[^{}]*\}")
_DROPPED = re.compile(r"[\t\r\n]|\A[\x00-\x20]+|[\x00-\x20]+\Z")
_WEB = re.compile(r"(?:https?|wss?|ftp):[/\\]*", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_IN_COMMAND = re.compile(r"\S*\s.*?://", re.DOTALL)
_END = re.compile(r"[/?#\\\s]")
_NUMBER = re.compile(r"(?:0x[0-9a-f]+|[0-9]+)\Z")
_LABEL = re.compile(r"[^\s{}.:/?#\\@\[\]]+\Z")


@functools.lru_cache(maxsize=8192)
def host_of(subject: str) -> str:
    """The host in a URL, `host:port` or bare host, lower case, without a closing dot; `x` stands
    for what is not known of it.
    """
    return _host(_HOLES.sub("x", subject))


@functools.lru_cache(maxsize=8192)
def is_fixed_host(subject: str, *, is_whole: bool = False) -> bool:
    """Whether the code names whom it talks to: an address, or a name whose last two labels are
    known; `is_whole`: all of its labels.
    """
    host = _host(subject)
    if not host:
        return False
    if _is_address(host) or (_NUMBER.match(host) and _prefix(subject)):
        return True
    labels = host.split(".")
    known = labels if is_whole else labels[-2:]
    return len(labels) > 1 and all(_LABEL.match(one) for one in known)


def _host(subject: str) -> str:
    text = _DROPPED.sub("", subject.casefold())
    authority = _END.split(text[len(_prefix(text)) :], maxsplit=1)[0].rpartition("@")[2]
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    return authority.partition(":")[0].rstrip(".")


def _prefix(text: str) -> str:
    """The scheme and what stands before and behind it, in a command line too."""
    found = _WEB.match(text) or _SCHEME.match(text) or _IN_COMMAND.match(text)
    return found[0] if found else ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
