"""Browser sessions: a cookie that the store knows who signed in by, and proof that a form is ours.

Every gate of one database knows every session; the store keeps digests, so that nobody who reads it
can sign in with what stands there.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from gate.settings import GateSettings
from gate.store.people import People
from gate.web.answer import Asking

COOKIE = "gate_session"
LASTS_S = 8 * 3600


class Sessions:
    """What asks the store raises StoreUnreachable."""

    def __init__(self, settings: GateSettings, people: People) -> None:
        self._people = people
        parts = urlsplit(settings.own_url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._secure = "; Secure" if parts.scheme == "https" else ""
        # Who comes by a proxy has no session; gates behind one proxy share its secret.
        self._key = settings.proxy_secret or secrets.token_hex(32)

    def begin(self, token_name: str) -> str:
        """The `Set-Cookie` of somebody who signed in with a token."""
        text = self._people.begin_session(token_name, int(time.time()) + LASTS_S)
        return self._set(text, LASTS_S)

    def end(self, asked: Asking) -> str:
        """The `Set-Cookie` of somebody who signs out, everywhere."""
        self._people.end_session(_text(asked), time.time())
        return self._set("", 0)

    def _set(self, value: str, seconds: int) -> str:
        kept = f"Max-Age={seconds}; Path=/; HttpOnly; SameSite=Strict{self._secure}"
        return f"{COOKIE}={value}; {kept}"

    def know(self, asked: Asking) -> None:
        """Put down who signed in, unless a token or a proxy said so already."""
        text = _text(asked)
        found = self._people.session(text, time.time()) if text and not asked.kind else None
        if found is not None:
            asked.kind, asked.person = found

    def proof(self, asked: Asking) -> str:
        """What a form of ours carries: bound to the person and to their session."""
        key = _text(asked) or self._key
        return hmac.new(key.encode(), f"form\n{asked.person}".encode(), hashlib.sha256).hexdigest()

    def is_ours(self, asked: Asking, proof: str) -> bool:
        """Whether a form came from a page of this gate, shown to this person."""
        origin = asked.headers.get("origin", self._origin)
        site = asked.headers.get("sec-fetch-site", "same-origin")
        is_near = origin == self._origin and site in ("same-origin", "none")
        return is_near and hmac.compare_digest(self.proof(asked).encode(), proof.encode())


def _text(asked: Asking) -> str:
    try:
        found = SimpleCookie(asked.headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""
