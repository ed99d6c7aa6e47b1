"""Answers by shape: each probe that payloads are known to make finds what it looks for."""

from __future__ import annotations

import io
import json
import re
import struct
import subprocess
import tarfile
import time
import zipfile
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.guest.sinkhole.answers import Answers
from sandbox.guest.sinkhole.dns import Names
from sandbox.guest.sinkhole.http import Answer, Request, render
from sandbox.guest.sinkhole.seed import Seed

SEED = Seed("tests")


def ask(method: str, url: str, body: bytes = b"", **headers: str) -> Answer:
    host, _, path = url.partition("/")
    asked = {name.replace("_", "-"): value for name, value in headers.items()}
    answers = Answers(SEED, Names(SEED), "10.1.2.3")
    return answers.answer(Request(method, "/" + path, asked, body), host)


PROBES = """
PUT 169.254.169.254/latest/api/token                                     metadata-aws    200 ^[\\w=]{20,}$
GET 169.254.169.254/latest/meta-data/                                    metadata-aws    200 iam/
GET 169.254.169.254/latest/meta-data/iam/security-credentials/           metadata-aws    200 ^build-runner$
GET 169.254.169.254/latest/meta-data/iam/security-credentials/build-runner metadata-aws  200 "AccessKeyId":"ASIA
GET 169.254.169.254/latest/dynamic/instance-identity/document            metadata-aws    200 "accountId":"\\d{12}"
GET 169.254.170.2/v2/credentials/x                                       metadata-aws    200 SecretAccessKey
GET metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token metadata-gcp 200 ya29
GET 169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01 metadata-azure 200 access_token
GET 169.254.169.254/metadata/instance?api-version=2021-02-01             metadata-azure  200 subscriptionId
GET connectivitycheck.gstatic.com/generate_204                           connectivity    204 ^$
GET www.msftconnecttest.com/connecttest.txt                              connectivity    200 ^Microsoft
GET captive.apple.com/hotspot-detect.html                                connectivity    200 Success
GET detectportal.firefox.com/success.txt                                 connectivity    200 ^success
GET network-test.debian.org/nm                                           connectivity    200 is.online
GET api.ipify.org/                                                       own-address     200 ^[\\d.]+$
GET api.ipify.org/?format=json                                           own-address     200 "ip":"[\\d.]+"
GET ifconfig.me/                                                         own-address     200 ^[\\d.]+$
GET icanhazip.com/                                                       own-address     200 ^[\\d.]+$
GET checkip.amazonaws.com/                                               own-address     200 ^[\\d.]+$
GET ipinfo.io/json                                                       own-address     200 "org"
GET ip-api.com/json                                                      own-address     200 "query"
GET 1.1.1.1/cdn-cgi/trace                                                own-address     200 loc=NL
GET worldtimeapi.org/api/timezone/Etc/UTC                                time            200 "unixtime":\\d{10}
GET any.invalid/time                                                     time            200 "unixtime":\\d{10}
POST sts.amazonaws.com/                                                  identity        200 <Account>\\d{12}<
GET api.github.com/user                                                  identity        200 "login":"dev-
GET crates.invalid/api/v1/me                                             identity        200 "login"
GET registry.npmjs.org/-/whoami                                          identity        200 "username":"dev-
GET discord.com/api/v10/users/@me                                        identity        200 "id"
POST discord.com/api/webhooks/1/abc                                      webhook         204 ^$
POST discord.com/api/webhooks/1/abc?wait=true                            webhook         200 "id"
GET discord.com/api/webhooks/1/abc                                       webhook         200 "token"
POST api.telegram.org/bot1:A/sendDocument                                bot             200 "ok":true
GET api.telegram.org/bot1:A/getUpdates                                   bot             200 "result":\\[\\]
POST hooks.slack.com/services/T/B/x                                      webhook         200 ^ok$
POST slack.com/api/chat.postMessage                                      webhook         200 "ok":true
POST api.github.com/user/repos                                           repository      201 "html_url"
POST paste.rs/                                                           upload          200 ^https://paste.rs/
PUT transfer.sh/loot.zip                                                 upload          200 ^https://
GET index.invalid/config.json                                            registry        200 "dl"
GET pastebin.com/raw/abcd                                                paste           200 ^https://\\S+/install.sh
GET gist.githubusercontent.com/u/1/raw                                   paste           200 install.sh
GET raw.githubusercontent.com/u/r/main/x.sh                              stage-two       200 ^.!/bin/sh
GET c2.invalid/install                                                   stage-two       200 exit.0
GET c2.invalid/api/data                                                  json            200 "ok":true
POST c2.invalid/collect                                                  json            200 "ok":true
"""


@pytest.mark.parametrize("probe", PROBES.strip().splitlines(), ids=lambda one: one.split()[1])
def test_a_known_probe_finds_what_it_looks_for(probe: str) -> None:
    method, url, word, status, pattern = probe.split()
    answer = ask(method, url)
    assert (answer.word, answer.status) == (word, int(status))
    assert re.search(pattern, answer.body.decode().strip())
    if answer.headers.get("Content-Type") == "application/json":
        json.loads(answer.body)


def test_no_placeholder_is_left_in_any_answer() -> None:
    for probe in PROBES.strip().splitlines():
        method, url, *_ = probe.split()
        assert b"$" not in ask(method, url).body


def test_the_date_is_true() -> None:
    request = Request("GET", "/", {})
    head = render(Answer("json"), request).decode()
    told = re.search(r"Date: (.+)\r", head)
    assert told is not None
    assert abs(parsedate_to_datetime(told[1]).timestamp() - time.time()) < 5


def test_secrets_handed_out_belong_to_the_run() -> None:
    body = ask("GET", "h/latest/meta-data/iam/security-credentials/build-runner").body.decode()
    assert SEED.values()["secret"] in body
    assert Seed("other").values()["secret"] not in body


def test_a_json_rpc_call_gets_a_result() -> None:
    assert ask("POST", "node.invalid/", b'{"jsonrpc": "2.0","id":1}').word == "rpc"


def test_a_browser_gets_a_page() -> None:
    assert ask("GET", "a.invalid/", accept="text/html").body.startswith(b"<!doctype")


def test_a_websocket_is_agreed_to_as_the_standard_shows() -> None:
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    answer = ask("GET", "a.invalid/", upgrade="websocket", sec_websocket_key=key)
    assert answer.headers["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_dns_over_https_answers_as_dns_does() -> None:
    message = b"\0\0\1\0\0\1\0\0\0\0\0\0\1a\4test\0\0\1\0\1"
    answer = ask("POST", "dns.invalid/q", message, content_type="application/dns-message")
    assert answer.body[-4:] == bytes(map(int, Names(SEED).address("a.test").split(".")))
    assert ask("GET", "dns.google/resolve?name=a.test").word == "dns-over-https"


@pytest.mark.parametrize("program", ["sh", "python3", "perl", "bash"])
def test_scripts_end_well_and_open_the_marker(program: str, tmp_path: Path) -> None:
    ending = {"python3": "py", "perl": "pl"}.get(program, "sh")
    script = tmp_path / "script"
    script.write_bytes(ask("GET", f"a.invalid/x.{ending}").body)
    done = subprocess.run([program, script], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert SEED.marker.encode() in script.read_bytes()


def test_the_program_is_an_elf_that_ends_well(tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_bytes(ask("GET", "a.invalid/x.elf").body)
    path.chmod(0o755)
    assert struct.unpack_from("<4sB", path.read_bytes()) == (b"\x7fELF", 2)
    assert subprocess.run([path], check=False).returncode == 0


def test_archives_hold_a_script() -> None:
    data = io.BytesIO(ask("GET", "a.invalid/lib-1.0.tar.gz").body)
    with tarfile.open(fileobj=data) as archive:
        assert archive.getnames() == ["install.sh"]
    data = io.BytesIO(ask("GET", "a.invalid/lib.zip").body)
    assert zipfile.ZipFile(data).namelist() == ["install.sh"]


@given(
    st.sampled_from(["GET", "POST", "BREW", "HEAD"]),
    st.text(st.characters(max_codepoint=255), max_size=80),
    st.text(max_size=40),
    st.binary(max_size=80),
    st.dictionaries(
        st.sampled_from(["upgrade", "accept", "content-type", "sec-websocket-key", "host"]),
        st.text(st.characters(max_codepoint=255), max_size=20) | st.just("websocket"),
    ),
)
def test_every_request_has_an_answer_in_wire_form(
    method: str, target: str, host: str, body: bytes, headers: dict[str, str]
) -> None:
    request = Request(method, target, headers, body)
    answer = Answers(SEED, Names(SEED), "10.1.2.3").answer(request, host)
    head = render(answer, request).partition(b"\r\n\r\n")[0]
    assert re.fullmatch(rb"HTTP/1\.1 \d{3} [\w ]+(\r\n[\w-]+: [^\r\n]*)+", head)
