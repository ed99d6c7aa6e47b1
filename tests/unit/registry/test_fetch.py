from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.config import RegistryAccess, Settings
from analyzer.errors import (
    ChecksumMismatch,
    CratescopeError,
    RegistryUnreachable,
    UnknownCrate,
    UsageError,
)
from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import CrateRef, CrateSource, Origin
from analyzer.registry.client import Client
from analyzer.registry.fetch import Registry
from analyzer.registry.targets import CrateTarget

if TYPE_CHECKING:
    from tests.unit.registry.conftest import Servers, SparseServer


def patient(settings: Settings) -> Client:
    """A client that never really waits."""
    return Client(settings, sleep=lambda _pause_s: None)


def registry(settings: Settings) -> Registry:
    return Registry(settings, DEFAULT_LIMITS, opener=patient)


def cached_files(settings: Settings) -> list[Path]:
    return [one for one in settings.cache_dir.rglob("*") if one.is_file()]


def cached_archives(settings: Settings) -> list[Path]:
    return [one for one in cached_files(settings) if "archives" in one.parts]


# Versions -----------------------------------------------------------------------------------------


@pytest.fixture
def versions(server: SparseServer, settings: Settings) -> Iterator[Registry]:
    """A crate with pre-releases, yanked and build-tagged versions, out of order."""
    for version, is_yanked in (
        ("1.10.0", False),
        ("0.9.0", False),
        ("1.2.0", False),
        ("1.2.7", False),
        ("1.2.9", True),
        ("1.2.10-rc.1", False),
        ("1.11.0", True),
        ("2.0.0-alpha", False),
        ("3.0.0-beta.2", False),
        ("3.0.0-beta.11", False),
        ("4.0.0+tag", True),
    ):
        server.publish("demo", version, yanked=is_yanked)
    with registry(settings) as one:
        yield one


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", "1.10.0"),
        ("1", "1.10.0"),
        ("1.2", "1.2.7"),
        ("0", "0.9.0"),
        ("2", "2.0.0-alpha"),
        ("3.0", "3.0.0-beta.11"),
        ("1.2.0", "1.2.0"),
        ("1.11.0", "1.11.0"),
        ("2.0.0-alpha", "2.0.0-alpha"),
        ("4.0.0", "4.0.0+tag"),
        ("4.0.0+tag", "4.0.0+tag"),
    ],
)
def test_version_is_the_exact_one_or_the_newest_that_is_open(
    versions: Registry, asked: str, found: str
) -> None:
    assert versions.resolve("demo", asked).version == found


@pytest.mark.parametrize(
    ("asked", "message", "remedy"),
    [
        ("1.2.8", "demo has no version '1.2.8'", "newest: 1.10.0; near: 1.2.9, 1.2.7, 1.2.0"),
        ("9", "demo has no version '9'", "newest: 1.10.0"),
        ("1.1", "demo has no version '1.1'", "newest: 1.10.0; near: 1.11.0, 1.10.0"),
        ("4.0.0+other", "demo has no version", "newest: 1.10.0; near: 4.0.0+tag"),
        ("4", "every version 4 of demo is yanked", "name one exactly: demo@4.0.0+tag"),
        ("odd\x1b", r"demo has no version 'odd\\x1b'", "newest: 1.10.0"),
    ],
)
def test_a_missing_version_is_told_with_those_there_are(
    versions: Registry, asked: str, message: str, remedy: str
) -> None:
    with pytest.raises(UnknownCrate, match=message) as caught:
        versions.resolve("demo", asked)
    assert caught.value.remedy == remedy


def test_a_crate_of_which_all_is_yanked_must_be_named_exactly(
    server: SparseServer, settings: Settings
) -> None:
    server.publish("gone", "1.0.0", yanked=True)
    with registry(settings) as one:
        with pytest.raises(UnknownCrate, match="every version of gone is yanked") as caught:
            one.resolve("gone")
        assert caught.value.remedy == "name one exactly: gone@1.0.0"
        assert one.resolve("gone", "1.0.0").is_yanked


def test_of_versions_alike_but_for_build_metadata_the_exact_one_counts(
    server: SparseServer, settings: Settings
) -> None:
    for version in ("1.0.1", "1.0.1+b", "1.0.1+a", "1.0.2+b", "1.0.2+a"):
        server.publish("demo", version)
    with registry(settings) as one:
        found = [one.resolve("demo", asked).version for asked in ("1.0.1", "1.0.1+a", "1.0.2")]
    assert found == ["1.0.1", "1.0.1+a", "1.0.2+b"]


def test_a_version_whose_line_is_odd_is_an_error_and_a_gap_for_the_others(
    server: SparseServer, settings: Settings
) -> None:
    server.publish("demo", "1.0.0")
    server.publish("demo", "1.1.0", cksum="no checksum")
    with registry(settings) as one:
        with pytest.raises(RegistryUnreachable, match=r"line 2 of the index: no sha256"):
            one.resolve("demo", "1.1.0")
        source = one.fetch(one.resolve("Demo"))
        assert source.ref.version == "1.0.0"
        assert [gap.reason for gap in source.gaps] == ["index line: 1.1.0: no sha256 checksum"]
        assert one.index_gaps("demo") == source.gaps
        assert not any(gap.is_blocking for gap in source.gaps)


def test_a_crate_that_does_not_exist_is_unknown(server: SparseServer, settings: Settings) -> None:
    for status in (404, 410, 451):
        server.say("/no/ne/none", status)
        with registry(settings) as one, pytest.raises(UnknownCrate, match="no crate `none` in"):
            one.entries("none")


def test_an_odd_name_never_becomes_a_request(server: SparseServer, settings: Settings) -> None:
    with registry(settings) as one, pytest.raises(UsageError):
        one.entries("../../etc")
    assert server.asked == []


@pytest.mark.parametrize("body", [b"", b"\n\n", b"<html>a login page</html>", b"\x00" * 100])
def test_an_index_file_without_a_version_is_an_error(
    server: SparseServer, settings: Settings, body: bytes
) -> None:
    server.files["/de/mo/demo"] = body
    with registry(settings) as one, pytest.raises(UnknownCrate, match="lists no version"):
        one.entries("demo")


def test_a_crate_is_asked_for_once_in_a_run(server: SparseServer, settings: Settings) -> None:
    server.publish("demo", "1.0.0")
    with registry(settings) as one:
        one.resolve("demo")
        one.resolve("demo", "1.0.0")
        one.entries("demo")
    assert server.paths() == ["/de/mo/demo"]


# Archives -----------------------------------------------------------------------------------------


def test_what_comes_is_what_the_index_names(server: SparseServer, settings: Settings) -> None:
    checksum = server.publish("Demo", "1.0.0", b"\x1f\x8bbytes", pubtime="2026-01-02T03:04:05Z")
    with registry(settings) as one:
        entry = one.resolve("demo", "1.0.0")
        source = one.fetch(entry)
        assert one.warnings == ()
    assert entry.published == "2026-01-02T03:04:05Z"
    ref = CrateRef("Demo", "1.0.0", server.url)
    assert source == CrateSource(ref, checksum, b"\x1f\x8bbytes", Origin.REGISTRY)
    assert server.paths() == ["/de/mo/demo", "/config.json", "/dl/Demo/1.0.0/download"]


def test_other_bytes_are_a_mismatch_with_both_checksums_and_are_not_kept(
    server: SparseServer, settings: Settings
) -> None:
    checksum = server.publish("demo", "1.0.0", b"\x1f\x8bhonest")
    server.files["/dl/demo/1.0.0/download"] = b"\x1f\x8bhostile"
    with registry(settings) as one, pytest.raises(ChecksumMismatch) as caught:
        one.fetch(one.resolve("demo"))
    assert caught.value.expected == checksum
    assert caught.value.actual == hashlib.sha256(b"\x1f\x8bhostile").hexdigest()
    assert cached_archives(settings) == []


def test_a_download_refused_with_words_shows_them(server: SparseServer, settings: Settings) -> None:
    server.publish("demo", "1.0.0")
    server.say("/dl/demo/1.0.0/download", 403, b"held: build.rs:41 reads credentials")
    with registry(settings) as one, pytest.raises(RegistryUnreachable) as caught:
        one.fetch(one.resolve("demo"))
    assert str(caught.value).endswith("answered 403: held: build.rs:41 reads credentials")


def test_an_archive_over_the_limit_is_refused(server: SparseServer, settings: Settings) -> None:
    server.publish("demo", "1.0.0", b"x" * 2000)
    limits = replace(DEFAULT_LIMITS, archive_size_bytes=1000)
    with Registry(settings, limits) as one, pytest.raises(RegistryUnreachable, match="2000 bytes"):
        one.fetch(one.resolve("demo"))


def test_an_index_file_over_the_limit_is_refused(server: SparseServer, settings: Settings) -> None:
    server.publish("demo", "1.0.0", links="x" * 2000)
    limits = replace(DEFAULT_LIMITS, index_size_bytes=1000)
    with Registry(settings, limits) as one, pytest.raises(RegistryUnreachable, match="1000"):
        one.entries("demo")


def test_the_registrys_own_download_template_is_used(
    server: SparseServer, settings: Settings
) -> None:
    template = "files/{lowerprefix}/{prefix}/{crate}-{version}.crate?{sha256-checksum}"
    server.configure(dl=server.url + template)
    checksum = server.publish("DeMo", "1.0.0", b"\x1f\x8bdata")
    server.files[f"/files/de/mo/De/Mo/DeMo-1.0.0.crate?{checksum}"] = b"\x1f\x8bdata"
    with registry(settings) as one:
        assert one.fetch(one.resolve("demo")).data == b"\x1f\x8bdata"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"dl": "ftp://r.invalid/x"}'])
def test_a_config_that_says_nothing_is_an_error_of_that_registry(
    server: SparseServer, settings: Settings, body: bytes
) -> None:
    server.publish("demo", "1.0.0")
    server.files["/config.json"] = body
    with registry(settings) as one, pytest.raises(RegistryUnreachable) as caught:
        one.fetch(one.resolve("demo"))
    assert "not what a registry says of itself" in str(caught.value)
    assert "folder that holds config.json" in caught.value.remedy


@pytest.mark.parametrize("status", [404, 500])
def test_a_registry_whose_downloads_are_known_needs_no_config(
    server: SparseServer, settings: Settings, status: int
) -> None:
    server.publish("demo", "1.0.0")
    server.say("/config.json", status, times=9)
    known = replace(
        settings.registry, download_url=f"{server.url}dl/{{crate}}/{{version}}/download"
    )
    with registry(replace(settings, registry=known)) as one:
        assert one.fetch(one.resolve("demo")).ref.name == "demo"
        assert "usual place" in one.warnings[0]


# Cache --------------------------------------------------------------------------------------------


def fetch_once(settings: Settings) -> CrateSource:
    with registry(settings) as one:
        return one.fetch(one.resolve("demo"))


def test_a_second_run_asks_only_whether_the_index_changed(
    server: SparseServer, settings: Settings
) -> None:
    server.publish("demo", "1.0.0")
    first = fetch_once(settings)
    server.asked.clear()
    assert fetch_once(settings) == first
    ((path, headers),) = server.asked
    assert path == "/de/mo/demo"
    assert headers["if-none-match"].startswith('"')
    server.publish("demo", "1.1.0")
    assert fetch_once(settings).ref.version == "1.1.0"


def test_a_date_is_the_validator_where_there_is_no_tag(
    server: SparseServer, settings: Settings
) -> None:
    server.has_etag = False
    server.publish("demo", "1.0.0")
    then = "Tue, 24 Nov 2026 00:00:00 GMT"
    server.say("/de/mo/demo", 200, server.files["/de/mo/demo"], Last_Modified=then)
    first = fetch_once(settings)
    server.say("/de/mo/demo", 304)
    assert fetch_once(settings) == first
    assert server.asked[-1][1]["if-modified-since"] == then


def test_a_registry_without_validators_is_read_anew(
    server: SparseServer, settings: Settings, offline: Settings
) -> None:
    server.has_etag = False
    server.publish("demo", "1.0.0")
    fetch_once(settings)
    server.publish("demo", "1.1.0")
    assert fetch_once(settings).ref.version == "1.1.0"
    assert fetch_once(offline).ref.version == "1.1.0"


def test_not_modified_without_a_copy_is_an_error(server: SparseServer, settings: Settings) -> None:
    server.say("/de/mo/demo", 304)
    with registry(settings) as one, pytest.raises(RegistryUnreachable, match="answered 304"):
        one.entries("demo")


def test_torn_files_are_fetched_again(server: SparseServer, settings: Settings) -> None:
    server.publish("demo", "1.0.0")
    first = fetch_once(settings)
    for path in cached_files(settings):
        path.write_bytes(path.read_bytes()[:-1])
    server.asked.clear()
    assert fetch_once(settings) == first
    assert "if-none-match" not in server.asked[0][1]
    assert len(server.asked) == 3


def test_offline_reads_the_cache_and_asks_nobody(
    server: SparseServer, settings: Settings, offline: Settings
) -> None:
    server.publish("demo", "1.0.0")
    server.publish("demo", "0.9.0")
    first = fetch_once(settings)
    server.asked.clear()
    assert fetch_once(offline) == first
    with registry(offline) as one:
        for name, version, what in (
            ("other", "", "index of `other`"),
            ("demo", "0.9.0", "archive of demo@0.9.0"),
        ):
            with pytest.raises(RegistryUnreachable, match=f"offline, and the {what}") as caught:
                one.fetch(one.resolve(name, version))
            assert "--offline" in caught.value.remedy
    assert server.asked == []


def test_a_crate_that_was_removed_is_gone_offline_too(
    server: SparseServer, settings: Settings, offline: Settings
) -> None:
    server.publish("demo", "1.0.0")
    fetch_once(settings)
    server.say("/de/mo/demo", 404)
    for one in (settings, offline):
        with pytest.raises(CratescopeError):
            fetch_once(one)


def test_out_of_reach_is_never_answered_from_an_old_copy(
    server: SparseServer, settings: Settings
) -> None:
    server.publish("demo", "1.0.0")
    fetch_once(settings)
    server.say("/de/mo/demo", 503, times=9)
    with pytest.raises(RegistryUnreachable, match="status 503"):
        fetch_once(settings)


def test_two_registries_of_one_cache_do_not_mix(
    servers: Servers, server: SparseServer, settings: Settings
) -> None:
    other = servers.start()
    server.publish("demo", "1.0.0", b"ours")
    other.publish("demo", "1.0.0", b"theirs")
    theirs = replace(settings, registry=RegistryAccess(other.url))
    assert (fetch_once(settings).data, fetch_once(theirs).data) == (b"ours", b"theirs")
    assert fetch_once(replace(settings, is_offline=True)).data == b"ours"


def test_a_cache_that_cannot_be_written_is_a_warning(
    server: SparseServer, settings: Settings, tmp_path: Path
) -> None:
    server.publish("demo", "1.0.0")
    (tmp_path / "file").touch()
    with registry(replace(settings, cache_dir=tmp_path / "file")) as one:
        assert one.fetch(one.resolve("demo")).ref.name == "demo"
        assert len(one.warnings) == 1


CHILD = """
import hashlib, json, resource, sys
from pathlib import Path
from analyzer.config import RegistryAccess, Settings
from analyzer.limits import DEFAULT_LIMITS
from analyzer.registry.fetch import Registry
from analyzer.registry.targets import CrateTarget
url, cache, names, limit = sys.argv[1:]
settings = Settings(Path(cache), RegistryAccess(url))
if int(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
print("ready", flush=True)
sys.stdin.readline()
with Registry(settings, DEFAULT_LIMITS) as registry:
    got = [(target.name, hashlib.sha256(one.data).hexdigest())
           for target, _, one in registry.fetch_all(map(CrateTarget, names.split(",")))]
    print(json.dumps([got, registry.warnings]))
"""


def child(
    server: SparseServer, settings: Settings, names: list[str], limit: int = 0
) -> subprocess.Popen[str]:
    """A process of its own that fetches crates when told to."""
    places = (server.url, str(settings.cache_dir), ",".join(names), str(limit))
    process = subprocess.Popen(
        [sys.executable, "-P", "-W", "error", "-c", CHILD, *places],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_processes_racing_on_an_empty_cache_get_the_same_and_leave_it_whole(
    server: SparseServer, settings: Settings, offline: Settings
) -> None:
    names = [f"demo-{number}" for number in range(20)]
    sums = [[name, server.publish(name, "1.0.0", os.urandom(20_000))] for name in names]
    racers = [child(server, settings, names) for _ in range(2)]
    answers = [json.loads(one.communicate("go\n")[0]) for one in racers]
    assert answers == [[sums, []]] * 2
    assert list((settings.cache_dir / "v1" / "parts").iterdir()) == []
    assert len(cached_files(settings)) == 40
    with registry(offline) as one:
        found = [(target.name, got) for target, _, got in one.fetch_all(map(CrateTarget, names))]
    assert [[name, got.sha256] for name, got in found if isinstance(got, CrateSource)] == sums


def test_a_file_system_that_takes_no_more_is_a_warning(
    server: SparseServer, settings: Settings
) -> None:
    checksum = server.publish("demo", "1.0.0", os.urandom(20_000))
    output, _ = child(server, settings, ["demo"], limit=5000).communicate("go\n")
    got, warnings = json.loads(output)
    assert got == [["demo", checksum]]
    assert "cannot be written: File too large" in warnings[0]
    assert [one.parent.name for one in cached_files(settings)] == ["de"]


# Tokens -------------------------------------------------------------------------------------------


def with_token(settings: Settings) -> Settings:
    return replace(settings, registry=replace(settings.registry, token="Bearer secret"))


def test_a_closed_registry_opens_with_its_token(server: SparseServer, settings: Settings) -> None:
    server.token = "Bearer secret"
    server.publish("demo", "1.0.0")
    assert fetch_once(with_token(settings)).ref.name == "demo"
    sent = [(path, "authorization" in headers) for path, headers in server.asked]
    assert sent == [
        ("/config.json", False),
        ("/config.json", True),
        ("/de/mo/demo", True),
        ("/dl/demo/1.0.0/download", True),
    ]


def test_a_token_stays_at_home_where_none_is_asked_for(
    server: SparseServer, settings: Settings
) -> None:
    server.publish("demo", "1.0.0")
    fetch_once(with_token(settings))
    assert not any("authorization" in headers for _, headers in server.asked)


def test_a_registry_that_wants_a_token_says_so(server: SparseServer, settings: Settings) -> None:
    server.token = "Bearer secret"
    server.publish("demo", "1.0.0")
    with pytest.raises(RegistryUnreachable, match="answered 401: a token, please") as caught:
        fetch_once(settings)
    assert "CARGO_REGISTRIES_" in caught.value.remedy


def test_a_wrong_token_is_not_shown(server: SparseServer, settings: Settings) -> None:
    server.token = "Bearer other"
    with pytest.raises(RegistryUnreachable, match="answered 401") as caught:
        fetch_once(with_token(settings))
    assert "secret" not in f"{caught.value!r} {caught.value.remedy} {with_token(settings)!r}"


# Many ---------------------------------------------------------------------------------------------


def test_many_come_in_order_and_trouble_stays_in_its_place(
    server: SparseServer, settings: Settings
) -> None:
    names = [f"demo-{number}" for number in range(50)]
    sums = {name: server.publish(name, "1.0.0") for name in names}
    server.files["/dl/demo-7/1.0.0/download"] = b"other"
    targets = [*map(CrateTarget, names), CrateTarget("none"), CrateTarget("demo-1", "9.9.9")]
    targets[3] = CrateTarget("demo-3", checksum="00" * 32)
    done: list[CrateTarget] = []
    with registry(settings) as one:
        found = list(one.fetch_all(targets, jobs=8, on_done=done.append))
    assert [target for target, _, _ in found] == targets
    assert set(done) == set(targets)
    troubles = {n: type(got) for n, (_, _, got) in enumerate(found) if isinstance(got, Exception)}
    assert troubles == {
        3: ChecksumMismatch,
        7: ChecksumMismatch,
        50: UnknownCrate,
        51: UnknownCrate,
    }
    for target, entry, got in found:
        if isinstance(got, CrateSource):
            assert entry is not None
            assert got.sha256 == entry.checksum == sums[target.name]


def test_a_pinned_checksum_that_the_index_denies_names_both(
    server: SparseServer, settings: Settings
) -> None:
    checksum = server.publish("demo", "1.0.0")
    with registry(settings) as one:
        ((_, entry, got),) = one.fetch_all([CrateTarget("demo", "1.0.0", checksum="00" * 32)])
    assert isinstance(got, ChecksumMismatch)
    assert entry is not None
    assert (got.expected, got.actual) == ("00" * 32, checksum)
    assert not any("download" in path for path in server.paths())


def test_no_more_is_fetched_ahead_than_the_window(server: SparseServer, settings: Settings) -> None:
    names = [f"demo-{number}" for number in range(40)]
    for name in names:
        server.publish(name, "1.0.0")
    with registry(settings) as one:
        stream = one.fetch_all(map(CrateTarget, names), jobs=2)
        assert next(stream)[0].name == "demo-0"
        asked = [one for one in server.paths() if "download" in one]
        assert len(asked) <= 5


def test_large_archives_narrow_the_window(
    server: SparseServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analyzer.registry.fetch._HELD_SIZE_BYTES", 1000)
    names = [f"demo-{number}" for number in range(20)]
    for name in names:
        server.publish(name, "1.0.0", os.urandom(3000))
    with registry(settings) as one:
        found = [target.name for target, _, _ in one.fetch_all(map(CrateTarget, names), jobs=4)]
    assert found == names


def test_stopping_early_does_not_wait_for_the_rest(
    server: SparseServer, settings: Settings
) -> None:
    server.publish("demo-0", "1.0.0")
    server.say("/de/mo/demo-1", 503, times=99, Retry_After="30")
    with Registry(settings, DEFAULT_LIMITS) as one:
        for target, _, _ in one.fetch_all(map(CrateTarget, ["demo-0", "demo-1", "demo-2"])):
            assert target.name == "demo-0"
            break


def test_a_closed_registry_asks_nobody(server: SparseServer, settings: Settings) -> None:
    with registry(settings) as one:
        pass
    with pytest.raises(RegistryUnreachable, match="was closed"):
        one.entries("demo")
    assert server.asked == []


def test_reading_the_cache_never_imports_the_http_library(
    server: SparseServer, settings: Settings
) -> None:
    server.publish("demo", "1.0.0")
    fetch_once(settings)
    code = (
        "import sys; from pathlib import Path; from analyzer.config import *; "
        "from analyzer.limits import DEFAULT_LIMITS; from analyzer.registry.fetch import Registry; "
        "s = Settings(Path(sys.argv[2]), RegistryAccess(sys.argv[1]), is_offline=True); "
        "r = Registry(s, DEFAULT_LIMITS); r.fetch(r.resolve('demo')); "
        "assert not {'httpx', 'asyncio', 'ssl'} & set(sys.modules), 'imported'"
    )
    command = [sys.executable, "-P", "-c", code, server.url, str(settings.cache_dir)]
    subprocess.run(command, check=True)


def test_a_young_index_file_is_believed_until_it_lacks_what_is_asked(
    server: SparseServer, settings: Settings
) -> None:
    trusting = replace(settings, index_max_age_s=600)
    server.publish("demo", "1.0.0")
    with registry(trusting) as one:
        one.entries("demo")
    asked = len(server.paths())
    server.publish("demo", "1.1.0")

    with registry(trusting) as one:
        assert [entry.version for entry in one.entries("demo")] == ["1.0.0"]
        assert one.resolve("demo", "1.0.0").version == "1.0.0"
        assert len(server.paths()) == asked
        assert one.resolve("demo", "1.1.0").version == "1.1.0"
        assert len(server.paths()) > asked
    with registry(settings) as one:
        assert len(one.entries("demo")) == 2


def test_the_newest_version_is_never_taken_from_a_young_index_file(
    server: SparseServer, settings: Settings
) -> None:
    trusting = replace(settings, index_max_age_s=600)
    server.publish("demo", "1.0.0")
    with registry(trusting) as one:
        one.entries("demo")
    server.publish("demo", "1.1.0")
    with registry(trusting) as one:
        assert one.resolve("demo").version == "1.1.0"


def test_a_checksum_that_a_young_index_file_denies_is_asked_for_again(
    server: SparseServer, settings: Settings
) -> None:
    trusting = replace(settings, index_max_age_s=600)
    server.publish("demo", "1.0.0")
    with registry(trusting) as one:
        one.entries("demo")
        asked = len(server.paths())
        ((_, _, got),) = one.fetch_all([CrateTarget("demo", "1.0.0", checksum="00" * 32)])
    assert isinstance(got, ChecksumMismatch)
    assert len(server.paths()) > asked
