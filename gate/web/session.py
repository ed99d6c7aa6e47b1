"""Browser sessions: a signed cookie that says who signed in, and proof that a form is ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import urlsplit

from gate.web.answer import Asking

COOKIE = "gate_session"
LASTS_S = 8 * 3600
_KEY_BYTES = 32


class Sessions:
    """Signs with a key of this gate's folder, which nobody else may read."""

    def __init__(self, folder: Path, own_url: str) -> None:
        self._key = _key(folder / "session.key")
        self._origin = own_url.rstrip("/")
        parts = urlsplit(own_url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._secure = "; Secure" if parts.scheme == "https" else ""

    def cookie(self, person: str, kind: str) -> str:
        """The `Set-Cookie` of somebody who signed in."""
        until = int(time.time()) + LASTS_S
        row = [person, kind, until, secrets.token_hex(8)]
        text = base64.urlsafe_b64encode(json.dumps(row).encode()).decode()
        return self._set(f"{text}.{self._sign('session', text)}", LASTS_S)

    def ended(self) -> str:
        """The `Set-Cookie` of somebody who signed out."""
        return self._set("", 0)

    def _set(self, value: str, seconds: int) -> str:
        kept = f"Max-Age={seconds}; Path=/; HttpOnly; SameSite=Strict{self._secure}"
        return f"{COOKIE}={value}; {kept}"

    def know(self, asked: Asking) -> None:
        """Put down who signed in, unless a token or a proxy said so already."""
        text = self._text(asked)
        if asked.kind or not text:
            return
        person, kind, until, _ = json.loads(base64.urlsafe_b64decode(text))
        if time.time() < until:
            asked.person, asked.kind = person, kind

    def _text(self, asked: Asking) -> str:
        try:
            found = SimpleCookie(asked.headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return ""
        text, _, signature = (found.value if found is not None else "").partition(".")
        return text if text and self._is_ours("session", text, signature) else ""

    def proof(self, asked: Asking) -> str:
        """What a form of ours carries: bound to the person and to their session."""
        return self._sign("form", f"{asked.person}\n{self._text(asked)}")

    def is_ours(self, asked: Asking, proof: str) -> bool:
        """Whether a form came from a page of this gate, shown to this person."""
        origin = asked.headers.get("origin", self._origin)
        site = asked.headers.get("sec-fetch-site", "same-origin")
        is_near = origin == self._origin and site in ("same-origin", "none")
        return is_near and self._is_ours("form", f"{asked.person}\n{self._text(asked)}", proof)

    def _sign(self, use: str, text: str) -> str:
        return hmac.new(self._key, f"{use}\n{text}".encode(), hashlib.sha256).hexdigest()

    def _is_ours(self, use: str, text: str, signature: str) -> bool:
        return hmac.compare_digest(self._sign(use, text).encode(), signature.encode())


def _key(path: Path) -> bytes:
    """The key in a file, made at the first start."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        key = secrets.token_bytes(_KEY_BYTES)
        file.write(key)
    return key
