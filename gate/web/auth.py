"""Who asks: tokens by their digests, people and addresses by a trusted proxy's word.

No token is ever logged.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from ipaddress import ip_address

from gate.settings import GateSettings
from gate.store.people import People, digest_of, is_same
from gate.web.answer import Asking

_GUESSES_MOST = 30
_GUESSES_S = 60.0
_CLIENTS_MOST = 10_000
PROXY_USER = "x-forwarded-user"
PROXY_SECRET = "x-gate-proxy-secret"
PROXY_FOR = "x-forwarded-for"


class Auth:
    """Digests of the tokens in force, in memory, and wrong guesses by address."""

    def __init__(self, settings: GateSettings, people: People) -> None:
        self._settings, self._people = settings, people
        self._digests: dict[str, tuple[str, str]] = {}
        self._guesses: OrderedDict[str, list[float]] = OrderedDict()

    def refresh(self) -> None:
        """Read the tokens again. Raises StoreUnreachable."""
        self._digests = self._people.digests()

    def know(self, asked: Asking) -> None:
        """Find out who asks: token, then the word of a proxy that is one (G14)."""
        given = asked.headers.get("authorization", "")
        text = given.removeprefix("Bearer ").strip()
        found = self.token(text)
        if found is not None:
            asked.kind, asked.token = found
            asked.person = asked.person or asked.token
        if self._is_from_proxy(asked):
            told = asked.headers.get(PROXY_USER, "")
            if told and told.isprintable() and len(told) <= 100:
                asked.person, asked.kind = told, "admin"
            asked.client = _last_hop(asked) or asked.client
        if text and found is None:
            self.guessed(asked.client)

    def token(self, text: str) -> tuple[str, str] | None:
        """Kind and name of a token in force. Found by its digest, so that time tells nothing."""
        return self._digests.get(digest_of(text)) if text else None

    def _is_from_proxy(self, asked: Asking) -> bool:
        secret = self._settings.proxy_secret
        given = asked.headers.get(PROXY_SECRET, "")
        is_known = asked.client in self._settings.proxies and bool(secret)
        return is_known and is_same(digest_of(given), digest_of(secret))

    def may_read(self, asked: Asking) -> bool:
        """Whether index and archives are for this client."""
        return not self._settings.needs_token or asked.kind in ("read", "admin")

    def is_admin(self, asked: Asking) -> bool:
        """Whether they may decide."""
        return asked.kind == "admin"

    def is_guessing(self, asked: Asking) -> bool:
        """Whether an address sent many wrong tokens of late; a right one always passes."""
        if asked.kind:
            return False
        now = time.monotonic()
        recent = [one for one in self._guesses.get(asked.client, ()) if now - one < _GUESSES_S]
        return len(recent) >= _GUESSES_MOST

    def guessed(self, client: str) -> None:
        """A wrong token came from an address."""
        times = self._guesses.setdefault(client, [])
        times.append(time.monotonic())
        del times[:-_GUESSES_MOST]
        self._guesses.move_to_end(client)
        while len(self._guesses) > _CLIENTS_MOST:
            self._guesses.popitem(last=False)


def _last_hop(asked: Asking) -> str:
    """The address that the proxy itself saw: all before it in the header came from outside."""
    text = asked.headers.get(PROXY_FOR, "").rpartition(",")[2].strip()
    try:
        return str(ip_address(text))
    except ValueError:
        return ""
