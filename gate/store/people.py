"""Waivers, tokens, sessions: what people may change, with its line in the audit log."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass, replace

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from gate.errors import NotPermitted
from gate.model import AuditRow, Release, WaiverRow, WaiverState
from gate.store import chain
from gate.store.schema import session, token, waiver
from gate.store.store import Store

KINDS = ("read", "admin")
_OPEN = {
    WaiverState.APPROVED: (WaiverState.REQUESTED,),
    WaiverState.REJECTED: (WaiverState.REQUESTED,),
    WaiverState.WITHDRAWN: (WaiverState.REQUESTED, WaiverState.APPROVED),
}
_REASON_LEAST = 10
_REASON_MOST = 2000


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token without its text, which is kept nowhere."""

    id: int
    name: str
    kind: str
    made_at: str
    ended_at: str


class People:
    """What people ask and answer. Safe to share between threads; all raise StoreUnreachable."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # Waivers -----------------------------------------------------------------------------------

    def ask(self, one: WaiverRow) -> WaiverRow:
        """Keep a request for a waiver. Raises NotPermitted for one without a real reason."""
        if not _REASON_LEAST <= len(one.reason.strip()) <= _REASON_MOST:
            raise NotPermitted(
                f"a reason of {_REASON_LEAST} to {_REASON_MOST} characters, please",
                remedy="what was read, and why is it fine?",
            )
        at = self._store.now()
        if one.expires <= at[:10]:
            raise NotPermitted(f"{one.expires} is over already", remedy="give a later day")
        values = asdict(one.release) | {"rule": one.rule, "evidence": one.evidence}
        values |= {"reason": one.reason.strip(), "asked_by": one.asked_by, "asked_at": at}
        values |= {"expires": one.expires, "state": WaiverState.REQUESTED}
        values |= {"answered_by": "", "answered_at": ""}
        with self._store.database.writing() as connection:
            key = connection.execute(insert(waiver).values(**values)).inserted_primary_key
            one = replace(one, id=int(key[0]) if key else 0, asked_at=at)
            self._tell(connection, one.asked_by, "waiver-requested", one)
        return one

    def answer(self, number: int, state: WaiverState, actor: str) -> WaiverRow:
        """Approve, reject or withdraw. Nobody approves what they asked for: NotPermitted."""
        with self._store.database.writing() as connection:
            query = select(waiver).where(waiver.c.id == number).with_for_update()
            row = connection.execute(query).first()
            if row is None:
                raise NotPermitted(f"no waiver {number}")
            one = _waiver(row)
            if one.state not in _OPEN[state]:
                raise NotPermitted(f"waiver {number} is {one.state} already")
            if state is WaiverState.APPROVED and actor.casefold() == one.asked_by.casefold():
                raise NotPermitted(
                    f"{actor} asked for waiver {number}", remedy="somebody else has to approve it"
                )
            at = self._store.now()
            one = replace(one, state=state, answered_by=actor, answered_at=at)
            said = {"state": state, "answered_by": actor, "answered_at": at}
            connection.execute(update(waiver).where(waiver.c.id == number).values(**said))
            self._tell(connection, actor, f"waiver-{state}", one)
        return one

    def _tell(self, connection: Connection, actor: str, action: str, one: WaiverRow) -> None:
        detail = f"waiver {one.id}: {one.rule} until {one.expires}: {one.reason}"[:400]
        chain.append(connection, self._store.line(actor, action, one.release, detail))

    def waivers(
        self, *, state: WaiverState | None = None, mount: str = "", name: str = ""
    ) -> tuple[WaiverRow, ...]:
        """Waivers, newest first; of one state, of one name."""
        query = select(waiver).order_by(waiver.c.id.desc()).limit(1000)
        if state is not None:
            query = query.where(waiver.c.state == state)
        if name:
            query = query.where(waiver.c.mount == mount, waiver.c.name == name)
        with self._store.database.reading() as connection:
            return tuple(map(_waiver, connection.execute(query)))

    def waiver(self, number: int) -> WaiverRow | None:
        """One waiver by its id."""
        with self._store.database.reading() as connection:
            row = connection.execute(select(waiver).where(waiver.c.id == number)).first()
        return _waiver(row) if row is not None else None

    # Tokens ------------------------------------------------------------------------------------

    def make_token(self, name: str, kind: str, actor: str) -> str:
        """A new token: shown once, kept as a digest. Raises NotPermitted for a name in use."""
        if kind not in KINDS or not name.isprintable() or not 0 < len(name) <= 100:
            raise NotPermitted("a token has a short name, and reads or administers")
        text = f"csg_{secrets.token_urlsafe(32)}"
        at = self._store.now()
        values = {"name": name, "kind": kind, "digest": digest_of(text), "made_at": at}
        with self._store.database.writing() as connection:
            if connection.execute(select(token.c.id).where(token.c.name == name)).first():
                raise NotPermitted(f"there is a token {name!r} already")
            connection.execute(insert(token).values(**values, ended_at=""))
            self._note(connection, actor, "token-made", f"{kind} {name}")
        return text

    def end_token(self, name: str, actor: str) -> None:
        """From now on a token opens nothing. Raises NotPermitted if there is none."""
        at = self._store.now()
        with self._store.database.writing() as connection:
            query = update(token).where(token.c.name == name, token.c.ended_at == "")
            if not connection.execute(query.values(ended_at=at)).rowcount:
                raise NotPermitted(f"no token {name!r} is in force")
            self._note(connection, actor, "token-ended", name)

    def _note(self, connection: Connection, actor: str, action: str, subject: str) -> None:
        at = self._store.now()
        chain.append(connection, AuditRow(0, at, actor, action, subject, "", ""))

    def tokens(self) -> tuple[TokenRow, ...]:
        """All tokens that were ever made."""
        with self._store.database.reading() as connection:
            rows = connection.execute(select(token).order_by(token.c.id)).all()
        return tuple(
            TokenRow(one.id, one.name, one.kind, one.made_at, one.ended_at) for one in rows
        )

    def digests(self) -> dict[str, tuple[str, str]]:
        """Digest to (kind, name) of the tokens in force."""
        query = select(token).where(token.c.ended_at == "")
        with self._store.database.reading() as connection:
            return {one.digest: (one.kind, one.name) for one in connection.execute(query)}

    # Sessions ----------------------------------------------------------------------------------

    def begin_session(self, name: str, until: int) -> str:
        """A new session of whoever has the token of this name, until a second of Unix time.

        Its text is given out once; who reads the database can make nothing of what is kept.
        """
        text = secrets.token_urlsafe(32)
        values = {"digest": digest_of(text), "token": name, "until": until}
        with self._store.database.writing() as connection:
            connection.execute(insert(session).values(**values))
        return text

    def session(self, text: str, now: float) -> tuple[str, str] | None:
        """Kind and name of the token behind a session that is open; none once the token ended."""
        query = select(token.c.kind, token.c.name).where(
            session.c.digest == digest_of(text),
            session.c.until > now,
            session.c.token == token.c.name,
            token.c.ended_at == "",
        )
        with self._store.database.reading() as connection:
            row = connection.execute(query).first()
        return (str(row[0]), str(row[1])) if row is not None else None

    def end_session(self, text: str, now: float) -> None:
        """From now on a session is nobody's; so are those that are over."""
        is_over = or_(session.c.digest == digest_of(text), session.c.until <= now)
        with self._store.database.writing() as connection:
            connection.execute(delete(session).where(is_over))


def digest_of(text: str) -> str:
    """What is kept of a token: random and long, so that salt or slowness would add nothing."""
    return hashlib.sha256(text.encode()).hexdigest()


def is_same(one: str, other: str) -> bool:
    """Whether two digests are equal, in a time that tells nothing."""
    return hmac.compare_digest(one, other)


def _waiver(row: Row[tuple[object, ...]]) -> WaiverRow:
    return WaiverRow(
        id=row.id,
        release=Release(row.mount, row.name, row.version, row.sha256),
        rule=row.rule,
        evidence=row.evidence,
        reason=row.reason,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        expires=row.expires,
        state=WaiverState(row.state),
        answered_by=row.answered_by,
        answered_at=row.answered_at,
    )
