"""The real registry: what the loopback tests claim holds there too."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.config import load_settings
from analyzer.errors import UnknownCrate
from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import CrateSource, Origin
from analyzer.registry.fetch import Registry
from analyzer.registry.index import parse_index
from analyzer.registry.remote import Remote
from analyzer.registry.targets import CrateTarget

pytestmark = [pytest.mark.online, pytest.mark.enable_socket]

LIST = Path(__file__).parents[1] / "data/benign-crates.csv"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The real environment with an empty cache."""
    return os.environ | {"CRATESCOPE_CACHE_DIR": str(tmp_path)}


@pytest.fixture
def registry(environ: dict[str, str]) -> Iterator[Registry]:
    """The default registry."""
    with Registry(load_settings(environ), DEFAULT_LIMITS) as one:
        yield one


def test_the_newest_serde_is_a_release_with_a_date(registry: Registry) -> None:
    entry = registry.resolve("serde")
    assert entry.version.startswith("1.")
    assert not entry.is_yanked
    assert entry.published.endswith("Z")
    assert registry.index_gaps("serde") == ()


def test_a_download_is_what_the_index_names(registry: Registry, environ: dict[str, str]) -> None:
    entry = registry.resolve("serde", "1.0.200")
    source = registry.fetch(entry)
    assert hashlib.sha256(source.data).hexdigest() == entry.checksum == source.sha256
    assert source.origin is Origin.CRATES_IO
    assert source.ref.registry == ""
    assert registry.warnings == ()
    with Registry(load_settings(environ, is_offline=True), DEFAULT_LIMITS) as offline:
        assert offline.fetch(offline.resolve("serde", "1.0.200")) == source


def test_a_crate_nobody_published_is_unknown(registry: Registry) -> None:
    with pytest.raises(UnknownCrate):
        registry.resolve("cratescope-test-of-a-name-nobody-has")


def test_a_version_nobody_published_is_unknown(registry: Registry) -> None:
    with pytest.raises(UnknownCrate, match=r"no version '1\.0\.9999'") as caught:
        registry.resolve("serde", "1.0.9999")
    assert "newest: 1." in caught.value.remedy


def test_twenty_crates_come_in_order_and_as_listed(registry: Registry) -> None:
    with LIST.open(newline="") as file:
        rows = list(csv.DictReader(file))[:: 1010 // 20][:20]
    targets = [CrateTarget(one["name"], one["version"], "", one["sha256"]) for one in rows]
    found = list(registry.fetch_all(targets))
    assert [target for target, _, _ in found] == targets
    sums = [got.sha256 if isinstance(got, CrateSource) else str(got) for _, _, got in found]
    assert sums == [one["sha256"] for one in rows]


@pytest.mark.parametrize("name", ["serde", "windows", "web-sys", "tokio", "libc", "rand"])
def test_every_line_of_long_real_index_files_is_plain(environ: dict[str, str], name: str) -> None:
    from analyzer.registry.cache import Cache

    settings = load_settings(environ)
    remote = Remote(settings, DEFAULT_LIMITS, Cache(settings.cache_dir))
    data = remote.index(name)
    remote.close()
    file = parse_index(data, name)
    assert file.problems == ()
    assert len(file.entries) == len(data.splitlines())
