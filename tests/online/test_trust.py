"""Published crates that carry roots, and clients built with them: the run's CA is trusted."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from analyzer.config import load_settings
from analyzer.limits import DEFAULT_LIMITS
from analyzer.registry.fetch import Registry
from analyzer.unpack import unpack
from sandbox.guest.trust import trust

pytestmark = [pytest.mark.online, pytest.mark.enable_socket]

ADDED = "the sandbox's CA is among its roots"
VERSIONS = {
    "webpki-roots": "0.21.1 0.22.6 0.23.1 0.24.0 0.25.4 0.26.1 0.26.8 0.26.11 1.0.0 1.0.5",
    "webpki-root-certs": "0.26.8 0.26.11 1.0.5",
    "rustls": "0.19.1 0.20.9 0.21.12 0.22.4 0.23.31",
}


def test_every_shape_that_was_published_is_known(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, ca: str
) -> None:
    cache = {"CRATESCOPE_CACHE_DIR": str(tmp_path_factory.mktemp("cache"))}
    with Registry(load_settings(os.environ | cache), DEFAULT_LIMITS) as registry:
        for name, versions in VERSIONS.items():
            for version in versions.split():
                source = registry.fetch(registry.resolve(name, version))
                for file in unpack(source, limits=DEFAULT_LIMITS).files:
                    path = tmp_path / f"{name}-{version}" / file.path
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(file.data)
    states: dict[str, set[str]] = {}
    for one in trust(tmp_path, ca, is_verifier_patched=True):
        crate, state = one.split(": ")
        states.setdefault(crate.rpartition("-")[0], set()).add(state)
    assert states == {
        "rustls": {"refuses no certificate"},
        "webpki-roots": {ADDED, "takes its roots from a later version"},
        "webpki-root-certs": {ADDED, "takes its roots from a later version"},
    }


@pytest.fixture
def ca(tmp_path: Path) -> str:
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Root"
    words = [*command.split(), "-keyout", "/dev/null"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout
