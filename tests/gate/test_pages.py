"""Pages as a client without scripts sees them: who may do what, what is escaped, what is forged."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from gate.model import Release, WaiverState

if TYPE_CHECKING:
    from tests.gate.conftest import Live

FETCHES = 'fn main() { let _ = std::net::TcpStream::connect("203.0.113.9:80"); }\n'
SCRIPT = "<script>alert(1)</script>"
Make = Callable[..., "Live"]


class _Stays(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class Browser:
    """A client with a cookie, that sends forms as a browser does."""

    def __init__(self, live: Live) -> None:
        self.live, self.cookie = live, ""
        self._open = urllib.request.build_opener(_Stays).open

    def ask(
        self, path: str, form: dict[str, str] | None = None, **headers: str
    ) -> tuple[int, str, str]:
        """Status, body, where it leads."""
        body = urllib.parse.urlencode(form).encode() if form is not None else None
        named = {key.replace("_", "-"): one for key, one in headers.items()}
        named |= {"cookie": self.cookie} if self.cookie else {}
        request = urllib.request.Request(self.live.url.rstrip("/") + path, body, named)
        try:
            answer = self._open(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return answer.status or 0, answer.read().decode(), answer.headers.get("location", "")

    def sign_in(self, name: str, kind: str) -> Browser:
        text = self.live.gate.people.make_token(name, kind, "root")
        self.live.gate.auth.refresh()
        assert self.ask("/sign-in", {"token": text})[0] == 303
        return self

    def proof(self, path: str) -> str:
        found = re.search(r'name="proof" value="([0-9a-f]+)"', self.ask(path)[1])
        assert found is not None
        return found[1]


def held(live: Live, name: str) -> Release:
    sha256 = live.publish(name, "1.0.0", {"build.rs": FETCHES})
    assert live.archive(name, "1.0.0", sha256).status == 403
    return Release("crates-io", name, "1.0.0", sha256)


def fields(release: Release, proof: str, **more: str) -> dict[str, str]:
    parts = {"mount": release.mount, "name": release.name, "version": release.version}
    return parts | {"sha256": release.sha256, "proof": proof} | more


@pytest.mark.parametrize(
    "path", ["/", "/holds", "/waivers", "/search?q=page", "/set-up", "/policy", "/sign-in"]
)
def test_every_page_is_whole_and_runs_nothing(live: Live, path: str) -> None:
    held(live, f"page-{abs(hash(path)) % 10**6}")
    answer = live.get(path.removeprefix("/"))
    assert answer.status == 200
    assert "<script" not in answer.text
    assert answer.text.count("<h1>") == 1
    assert 'lang="en"' in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_the_page_of_a_refusal_tells_why_and_leads_to_the_evidence(live: Live) -> None:
    held(live, "explained")
    answer = live.get("crate/explained/1.0.0")
    assert "build-time code reaches the network" in answer.text
    place = re.search(r'href="/(evidence/\d+)"', answer.text)
    assert place is not None
    report = live.get(place[1])
    assert "203.0.113.9" in report.text
    assert report.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


def test_a_waiver_goes_from_a_page_to_another_person_and_into_force(make: Make) -> None:
    live = make()
    release = held(live, "paged")
    ann, bob = Browser(live).sign_in("ann", "read"), Browser(live).sign_in("bob", "admin")
    place = "/crate/paged/1.0.0"
    form = fields(release, ann.proof(place), reason="read all of it, the host is ours")
    assert ann.ask("/waivers", form)[0] == 303
    (row,) = live.gate.people.waivers()
    assert (row.asked_by, row.state) == ("ann", WaiverState.REQUESTED)
    assert ann.ask(f"/waivers/{row.id}", {"proof": ann.proof(place), "answer": "approve"})[0] == 403
    answer = {"proof": bob.proof("/waivers"), "answer": "approve"}
    assert bob.ask(f"/waivers/{row.id}", answer)[0] == 303
    for _ in range(100):
        if live.archive("paged", "1.0.0", release.sha256).status == 200:
            break
    assert live.archive("paged", "1.0.0", release.sha256).status == 200


def test_nobody_approves_their_own_on_a_page_either(live: Live) -> None:
    release = held(live, "own-wish")
    one = Browser(live).sign_in("carol", "admin")
    form = fields(release, one.proof("/crate/own-wish/1.0.0"), reason="trust me on this one")
    assert one.ask("/waivers", form)[0] == 303
    (row,) = live.gate.people.waivers(mount="crates-io", name="own-wish")
    assert one.ask(f"/waivers/{row.id}", {"proof": one.proof("/"), "answer": "approve"})[0] == 403


def test_a_form_that_is_not_ours_is_refused(live: Live) -> None:
    release = held(live, "forged")
    one, other = Browser(live).sign_in("dave", "admin"), Browser(live).sign_in("erin", "admin")
    good = fields(release, one.proof("/"), reason="a reason long enough")
    assert one.ask("/waivers", good | {"proof": ""})[0] == 403
    assert one.ask("/waivers", good | {"proof": other.proof("/")})[0] == 403
    assert one.ask("/waivers", good, origin="https://evil.example.invalid")[0] == 403
    assert one.ask("/waivers", good, sec_fetch_site="cross-site")[0] == 403
    assert Browser(live).ask("/waivers", good)[0] == 403
    assert live.gate.people.waivers(mount="crates-io", name="forged") == ()


def test_a_changed_or_old_cookie_is_nobody(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Browser(live).sign_in("fred", "admin")
    assert one.ask("/audit")[0] == 200
    good = one.cookie
    one.cookie = good[:-1] + ("0" if good[-1] != "0" else "1")
    assert one.ask("/audit")[0] == 403
    one.cookie = good
    later = time.time() + 9 * 3600
    monkeypatch.setattr("gate.web.session.time.time", lambda: later)
    assert one.ask("/audit")[0] == 403


def test_a_session_ends_with_its_token_and_with_the_person(live: Live) -> None:
    one = Browser(live).sign_in("greta", "admin")
    kept = one.cookie
    assert one.ask("/sign-out", {"proof": one.proof("/")})[0] == 303
    one.cookie = kept
    assert one.ask("/audit")[0] == 403
    two = Browser(live).sign_in("hans", "admin")
    assert two.ask("/audit")[0] == 200
    live.gate.people.end_token("hans", "root")
    assert two.ask("/audit")[0] == 403


def test_a_form_of_whoever_comes_by_a_proxy_needs_its_proof(make: Make) -> None:
    live = make(proxies=frozenset({"127.0.0.1"}), proxy_secret="long secret of the proxy")
    right = {"x_forwarded_user": "ann", "x_gate_proxy_secret": "long secret of the proxy"}
    one = Browser(live)
    found = re.search(r'name="proof" value="([0-9a-f]+)"', one.ask("/policy", None, **right)[1])
    assert found is not None
    assert one.ask("/policy", {"proof": found[1], "text": ""}, **right)[0] == 200
    other = right | {"x_forwarded_user": "bob"}
    assert one.ask("/policy", {"proof": found[1], "text": ""}, **other)[0] == 403


def test_a_proxys_word_counts_only_from_the_proxy_with_its_secret(make: Make) -> None:
    live = make(proxies=frozenset({"127.0.0.1"}), proxy_secret="long secret of the proxy")
    assert live.get("audit", x_forwarded_user="mallory").status == 403
    wrong = {"x_forwarded_user": "mallory", "x_gate_proxy_secret": "guess"}
    assert live.get("audit", **wrong).status == 403
    right = {"x_forwarded_user": "ann", "x_gate_proxy_secret": "long secret of the proxy"}
    assert live.get("audit", **right).status == 200
    direct = make(proxies=frozenset({"192.0.2.1"}), proxy_secret="long secret of the proxy")
    assert direct.get("audit", **right).status == 403


def test_the_download_log_names_the_client_that_the_proxy_saw(make: Make) -> None:
    live = make(proxies=frozenset({"127.0.0.1"}), proxy_secret="long secret of the proxy")
    sha256 = live.publish("behind", "1.0.0")
    path = f"crates/behind/1.0.0/{sha256}.crate"
    said = {"x_forwarded_for": "198.51.100.9, 192.0.2.55"}
    known = said | {"x_gate_proxy_secret": "long secret of the proxy"}
    assert live.get(path, **known).status == 200
    assert live.get(path, **said).status == 200
    assert live.get(path, **known | {"x_forwarded_for": "198.51.100.9, a place"}).status == 200
    for _ in range(100):
        if len(live.gate.store.who_got("behind")) == 3:
            break
        time.sleep(0.1)
    clients = [one.client for one in live.gate.store.who_got("behind")]
    assert clients == ["127.0.0.1", "127.0.0.1", "192.0.2.55"]


def test_a_hostile_crate_stays_text_on_every_page(live: Live) -> None:
    name = "hostile-text"
    code = f'fn main() {{ std::net::TcpStream::connect("203.0.113.9:80"); }} // {SCRIPT}\n'
    sha256 = live.publish(
        name, "1.0.0", {"build.rs": code, "README.md": SCRIPT, f"src/{SCRIPT}.rs": ""}
    )
    assert live.archive(name, "1.0.0", sha256).status == 403
    release = Release("crates-io", name, "1.0.0", sha256)
    one = Browser(live).sign_in(SCRIPT, "admin")
    form = fields(release, one.proof("/"), reason=f"{SCRIPT}\u202e and more")
    assert one.ask("/waivers", form)[0] == 303
    for path in (
        "/",
        "/holds",
        "/waivers",
        "/audit",
        f"/crate/{name}/1.0.0",
        f"/search?q={SCRIPT}",
    ):
        status, text, _ = one.ask(path)
        assert status == 200
        assert SCRIPT not in text, path
        assert "\u202e" not in text


def test_an_administrator_tries_a_policy_and_nothing_changes(make: Make) -> None:
    live = make()
    release = held(live, "tried")
    one = Browser(live).sign_in("ann", "admin")
    text = '[policy.rules.build-uses-network]\nseverity = "low"\nreason = "ours"\n'
    status, body, _ = one.ask("/policy", {"proof": one.proof("/policy"), "text": text})
    assert status == 200
    row = re.search(r"tried 1.0.0</code></th><td>hold</td><td>(\w+)</td>", body)
    assert row is not None
    assert row[1] == "serve"
    assert live.archive("tried", "1.0.0", release.sha256).status == 403
    wrong = one.ask("/policy", {"proof": one.proof("/policy"), "text": "[policy]\nnonsense = 1\n"})
    assert "unknown" in wrong[1]


def test_a_revocation_needs_an_administrator(live: Live) -> None:
    sha256 = live.publish("to-revoke", "1.0.0")
    assert live.archive("to-revoke", "1.0.0", sha256).status == 200
    release = Release("crates-io", "to-revoke", "1.0.0", sha256)
    reader, admin = Browser(live).sign_in("gina", "read"), Browser(live).sign_in("hugo", "admin")
    assert reader.ask("/revoke", fields(release, reader.proof("/"), reason="because"))[0] == 403
    assert admin.ask("/revoke", fields(release, admin.proof("/"), reason="because"))[0] == 303
    assert live.archive("to-revoke", "1.0.0", sha256).status == 403


def test_closed_to_readers_without_a_token(make: Make) -> None:
    live = make(needs_token=True)
    assert Browser(live).ask("/holds")[2] == "/sign-in"
    assert Browser(live).sign_in("ann", "read").ask("/holds")[0] == 200


def test_wrong_tokens_are_soon_not_looked_at_any_more(make: Make) -> None:
    live = make(needs_token=True)
    codes = [live.get("index/config.json", authorization=f"csg_{one}").status for one in range(60)]
    assert codes.count(401) == 29
    assert set(codes[30:]) == {429}
    text = live.gate.people.make_token("right", "read", "root")
    live.gate.auth.refresh()
    assert live.get("index/config.json", authorization=text).status == 200
