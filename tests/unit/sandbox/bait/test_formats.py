"""Whoever checks loot before use finds it sound: a validator for each format, over whole homes."""

from __future__ import annotations

import base64
import configparser
import hashlib
import hmac
import json
import re
import shutil
import sqlite3
import struct
import subprocess
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import tomli
import yaml

from sandbox.bait import Bait, BaitFile, Profile, make_bait
from sandbox.bait.curve import ed25519_public
from sandbox.bait.draw import BASE62, Draw
from sandbox.bait.kinds import _INDEX, KINDS
from sandbox.bait.stores import _crc32c, leveldb_folder

BAITS = [
    make_bait(seed, Profile.BOTH, variant=variant)
    for seed in (b"one", b"two")
    for variant in (0, 1)
]
FILES = [(number, one) for number, bait in enumerate(BAITS) for one in bait.files]
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def _files(pattern: str, *, starts: bytes = b"") -> list[Any]:
    found = [
        pytest.param(one, id=f"{number}-{one.path}")
        for number, one in FILES
        if re.search(pattern, one.path) and one.data.startswith(starts)
    ]
    assert found, pattern
    return found


def _file(bait: Bait, path: str) -> BaitFile:
    (found,) = [one for one in bait.files if one.path == path]
    return found


def _all_text(bait: Bait) -> str:
    texts = [one.data.decode("latin-1") for one in bait.files]
    return "\n".join([*texts, *(value for _, value in bait.environment)])


def _from_base58(text: str) -> bytes:
    number = 0
    for one in text:
        number = number * 58 + BASE58.index(one)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


JSON = r"\.json$|tfstate$|tfrc\.json|\.mtd$|Local State$|containers/auth|/keystore/UTC|keystores/|tailscaled|\.skey$|jfrog-cli|\.ftpconfig$|op/config$|sui\.keystore$|claude\.json$"


@pytest.mark.parametrize(
    "file", [one for one in _files(JSON) if "credentials-config" not in one.values[0].path]
)
def test_json_parses(file: BaitFile) -> None:
    assert json.loads(file.data)


@pytest.mark.parametrize("file", _files(r"\.toml$|\.cargo/credentials$|poetry/auth|uv/credentials"))
def test_toml_parses(file: BaitFile) -> None:
    assert tomli.loads(file.data.decode())


@pytest.mark.parametrize(
    "file", _files(r"\.ya?ml$|\.kube/config$|\.config/hub$|\.condarc$|\.yml$|gem/credentials$")
)
def test_yaml_parses(file: BaitFile) -> None:
    assert yaml.safe_load(file.data)


@pytest.mark.parametrize(
    "file",
    _files(
        r"\.aws/(credentials|config)$|\.pypirc$|\.s3cfg|\.boto|\.oci/config|databrickscfg|rclone\.conf|\.my\.cnf|snowsql|linode|pip\.conf|wandb|profiles\.ini|\.hgrc|wireguard|keepassxc\.ini"
    ),
)
def test_settings_parse(file: BaitFile) -> None:
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(file.data.decode())
    assert parser.sections() or parser.defaults()


@pytest.mark.parametrize("file", _files(r"\.xml$|NuGet\.Config$"))
def test_xml_parses(file: BaitFile) -> None:
    assert len(ET.fromstring(file.data))


@pytest.mark.parametrize("file", _files("", starts=b"SQLite format 3\0"))
def test_databases_open(file: BaitFile) -> None:
    database = sqlite3.connect(":memory:")
    database.deserialize(file.data)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert sum(
        database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in tables
    )
    database.close()


@pytest.mark.parametrize(
    ("path", "magic"),
    [("~/.bitcoin/wallets/main/wallet.dat", 0xF9BEB4D9), ("~/.litecoin/wallet.dat", 0xFBC0B6DB)],
)
def test_a_wallet_tells_its_network(path: str, magic: int) -> None:
    for bait in BAITS:
        assert struct.unpack_from(">I", _file(bait, path).data, 68) == (magic,)


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="no ssh-keygen")
@pytest.mark.parametrize(
    "file", _files(r"/(id_[a-z0-9]+|identity|[\w-]+\.pem|[\w.-]+\.key)$", starts=b"-----BEGIN")
)
def test_ssh_takes_the_private_keys(file: BaitFile, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(file.data)
    path.chmod(0o600)
    done = subprocess.run(
        ["ssh-keygen", "-y", "-P", "", "-f", path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    if file.path == "~/.ssh/id_ed25519":
        (bait,) = [one for one in BAITS if file in one.files]
        assert _file(bait, "~/.ssh/id_ed25519.pub").data.decode() == done.stdout


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl")
@pytest.mark.parametrize("file", _files(r"service.account\.json$"))
def test_a_service_account_has_a_sound_key(file: BaitFile) -> None:
    key = json.loads(file.data)["private_key"]
    done = subprocess.run(
        ["openssl", "pkey", "-check", "-noout"],
        input=key,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not shutil.which("gpg"), reason="no gpg")
@pytest.mark.parametrize("file", _files(r"secring\.gpg$|\.password-store/.*\.gpg$"))
def test_packets_of_pgp_are_read(file: BaitFile, tmp_path: Path) -> None:
    path = tmp_path / "packets"
    path.write_bytes(file.data)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    done = subprocess.run(
        ["gpg", "--homedir", home, "--batch", "--list-packets", path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert re.search("secret key packet|pubkey enc packet", done.stdout), done.stderr


def test_the_public_key_is_that_of_rfc_8032() -> None:
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    assert (
        ed25519_public(seed).hex()
        == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )


@pytest.mark.parametrize("bait", BAITS, ids=range(len(BAITS)))
def test_tokens_of_forge_and_registry_have_their_checksum(bait: Bait) -> None:
    tokens = re.findall(r"\b(?:gh[pou]|npm)_([0-9A-Za-z]{36})\b", _all_text(bait))
    assert len(tokens) > 10
    for token in tokens:
        number = 0
        for one in token[30:]:
            number = number * 62 + BASE62.index(one)
        assert number == zlib.crc32(token[:30].encode())


@pytest.mark.parametrize("bait", BAITS, ids=range(len(BAITS)))
def test_key_ids_decode_to_the_persons_account(bait: Bait) -> None:
    ids = re.findall(r"AKIA([A-Z2-7]{16})", _all_text(bait))
    assert len(ids) > 4
    for one in ids:
        number = int.from_bytes(base64.b32decode(one)[:6], "big")
        assert f"{(number & 0x7FFFFFFFFF80) >> 7:012d}" == bait.persona.aws_account


@pytest.mark.parametrize("bait", BAITS, ids=range(len(BAITS)))
def test_web_tokens_decode(bait: Bait) -> None:
    tokens = re.findall(r"(eyJ[\w-]+)\.([\w-]+)\.([\w-]+)", _all_text(bait))
    assert tokens
    for head, body, signature in tokens:
        assert json.loads(base64.urlsafe_b64decode(head + "=="))["alg"] == "HS256"
        assert json.loads(base64.urlsafe_b64decode(body + "=="))["sub"]
        assert len(base64.urlsafe_b64decode(signature + "=")) == 32


@pytest.mark.parametrize("bait", BAITS, ids=range(len(BAITS)))
def test_index_tokens_are_macaroons_of_the_index(bait: Bait) -> None:
    tokens = re.findall(r"pypi-([\w-]+)", _file(bait, "~/.pypirc").data.decode())
    data = base64.urlsafe_b64decode(tokens[0] + "=" * (-len(tokens[0]) % 4))
    assert tokens[0].startswith("AgEIcHlwaS5vcmc")
    assert data[:11] == b"\x02\x01\x08pypi.org"
    assert data[-34:-32] == b"\x06\x20"


@pytest.mark.parametrize("file", _files(r"solana/id\.json$|\.solana/"))
def test_a_solana_key_carries_its_public_half(file: BaitFile) -> None:
    numbers = json.loads(file.data)
    assert len(numbers) == 64
    assert bytes(numbers[32:]) == ed25519_public(bytes(numbers[:32]))


@pytest.mark.parametrize("file", _files(r"\.near\.json$"))
def test_a_near_key_matches_its_public_half(file: BaitFile) -> None:
    keys = json.loads(file.data)
    secret = _from_base58(keys["private_key"].removeprefix("ed25519:")).rjust(64, b"\0")
    assert secret[32:] == ed25519_public(secret[:32])
    assert _from_base58(keys["public_key"].removeprefix("ed25519:")).rjust(32, b"\0") == secret[32:]


@pytest.mark.parametrize("file", _files(r"\.aptos/config\.yaml$"))
def test_an_aptos_key_matches_its_public_half(file: BaitFile) -> None:
    secret, public = re.findall(r"-0x([0-9a-f]{64})", file.data.decode())
    assert ed25519_public(bytes.fromhex(secret)).hex() == public


@pytest.mark.parametrize("file", _files(r"keystore/UTC|keystores/|brownie|/keystore\.json$"))
def test_keystores_have_version_3(file: BaitFile) -> None:
    store = json.loads(file.data)
    assert store["version"] == 3
    assert len(bytes.fromhex(store["crypto"]["ciphertext"])) == 32
    assert len(bytes.fromhex(store["crypto"]["mac"])) == 32


@pytest.mark.parametrize("bait", BAITS, ids=range(len(BAITS)))
def test_recovery_phrases_have_their_checksum(bait: Bait) -> None:
    environment = dict(bait.environment)
    for name in ("MNEMONIC", "WALLET_SEED_PHRASE"):
        words = environment[name].split()
        bits = "".join(f"{_INDEX[one]:011b}" for one in words)
        cut = len(bits) * 32 // 33
        digest = hashlib.sha256(int(bits[:cut], 2).to_bytes(cut // 8, "big")).digest()
        assert len(words) in {12, 24}
        assert f"{digest[0]:08b}".startswith(bits[cut:])


def test_registry_passwords_decode() -> None:
    for bait in BAITS:
        for entry in json.loads(_file(bait, "~/.docker/config.json").data)["auths"].values():
            user, _, password = base64.b64decode(entry["auth"]).decode().partition(":")
            assert user in {bait.persona.user, bait.persona.company}
            assert len(password) > 20


def test_the_checksum_of_leveldb_is_the_known_one() -> None:
    assert _crc32c(b"123456789") == 0xE3069283


def _records(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        masked, size, kind = struct.unpack_from("<IHB", data, at)
        part = data[at + 7 : at + 7 + size]
        rotated = (masked - 0xA282EAD8) & 0xFFFFFFFF
        assert (rotated >> 17 | rotated << 15) & 0xFFFFFFFF == _crc32c(bytes((kind,)) + part)
        yield part
        at += 7 + size


def test_a_leveldb_reads_back() -> None:
    files = dict(leveldb_folder("key\t" + "v" * 70_000 + "\nother\tvalue\n"))
    log = b"".join(_records(files["000003.log"]))
    assert struct.unpack_from("<QI", log) == (1, 2)
    assert log[12:].startswith(b"\x01\x03key")
    assert log.endswith(b"\x01\x05other\x05value")
    assert b"leveldb.BytewiseComparator" in b"".join(
        _records(files[files["CURRENT"].decode().strip()])
    )


@pytest.mark.parametrize("file", _files(r"/tdata/"))
def test_telegrams_files_have_their_digest(file: BaitFile) -> None:
    magic, version, body, digest = file.data[:4], file.data[4:8], file.data[8:-16], file.data[-16:]
    whole = body + struct.pack("<I", len(body)) + version + magic
    assert magic == b"TDF$"
    assert hmac.compare_digest(hashlib.md5(whole).digest(), digest)


@pytest.mark.parametrize("file", _files(r"\.kdbx$"))
def test_a_password_database_has_a_sound_header(file: BaitFile) -> None:
    at, fields = 12, {}
    while 0 not in fields:
        kind, size = struct.unpack_from("<BI", file.data, at)
        fields[kind] = file.data[at + 5 : at + 5 + size]
        at += 5 + size
    assert set(fields) == {0, 2, 3, 4, 7, 11}
    assert file.data[at : at + 32] == hashlib.sha256(file.data[:at]).digest()


def test_every_kind_is_used() -> None:
    folder = Path(__file__).parents[4] / "sandbox/bait/places"
    text = "".join(path.read_text() for path in folder.glob("*.toml"))
    unused = {kind for kind in KINDS if not re.search(rf"<{kind}[:/>]", text)}
    assert unused == set()


def test_names_of_files_are_plain_paths() -> None:
    for _, one in FILES:
        assert ".." not in PurePosixPath(one.path).parts
        assert one.path.startswith(("~/", "/", "{project}/", "{parent}/"))


def test_a_draw_is_even() -> None:
    draw = Draw(b"seed")
    counts = [0] * 10
    for at in range(2000):
        counts[draw.number(str(at), 0, 9)] += 1
    assert min(counts) > 140
    assert max(counts) < 260
