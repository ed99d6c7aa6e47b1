"""The run's CA among the roots that crates carry, in every shape these crates have had."""

from __future__ import annotations

import base64
import io
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.guest.supervisor import Supervisor
from sandbox.guest.trust import trust

ANCHOR = 'subject: b"\\x31", spki: b"\\x30", name_constraints: None },\n];\n'
SHAPES = {
    "webpki-roots-0.22.6": (
        "pub static TLS_SERVER_ROOTS: webpki::TlsServerTrustAnchors = webpki::TlsServerTrustAnchors(&[\n"
        "  webpki::TrustAnchor { " + ANCHOR,
        "&[\n  webpki::TrustAnchor { subject: b\"",
    ),
    "webpki-roots-0.25.4": (
        "pub struct TrustAnchor<'a> {}\n"
        "pub const TLS_SERVER_ROOTS: &[TrustAnchor] = &[\n  TrustAnchor { " + ANCHOR,
        "&[\n  TrustAnchor { subject: b\"",
    ),
    "webpki-roots-1.0.0": (
        "pub const TLS_SERVER_ROOTS: &[TrustAnchor<'static>] = &[\n"
        "  TrustAnchor { subject: Der::from_slice(b\"\\x31\"), subject_public_key_info: "
        "Der::from_slice(b\"\\x30\"), name_constraints: None },\n];\n",
        "&[\n  TrustAnchor { subject: Der::from_slice(b\"",
    ),
    "webpki-root-certs-1.0.0": (
        "pub const TLS_SERVER_ROOT_CERTS: &[CertificateDer<'static>] = &[\n"
        "  CertificateDer::from_slice(b\"\\x30\"),\n];\n",
        "&[\n  CertificateDer::from_slice(b\"",
    ),
}  # fmt: skip
VERIFIER = """impl ServerCertVerifier for WebPkiServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
    ) -> Result<ServerCertVerified, Error> {
        let cert = ParsedCertificate::try_from(end_entity)?;
"""


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("ca")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k"
    subprocess.run(
        [*command.split(), "-out", "c", "-subj", "/CN=Root"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return (folder / "c").read_text()


def put(folder: Path, name: str, text: str, file: str = "src/lib.rs") -> Path:
    path = folder / name / file
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", SHAPES)
def test_the_ca_stands_first_in_each_shape_of_list(tmp_path: Path, pem: str, name: str) -> None:
    text, wanted = SHAPES[name]
    path = put(tmp_path, name, text)
    assert trust(tmp_path, pem) == [f"{name}: the sandbox's CA is among its roots"]
    assert wanted in path.read_text()
    assert path.read_text().count("\n") == text.count("\n") + 1


def test_subject_and_key_are_those_of_the_certificate(tmp_path: Path, pem: str) -> None:
    path = put(tmp_path, "webpki-roots-0.25.4", SHAPES["webpki-roots-0.25.4"][0])
    trust(tmp_path, pem)
    shown = subprocess.run(
        ["openssl", "x509", "-noout", "-pubkey"],
        input=pem,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    key = base64.b64decode("".join(shown.splitlines()[1:-1]))
    literal = "".join(f"\\x{one:02x}" for one in key[2:])  # without the outer SEQUENCE
    assert f'spki: b"{literal}"' in path.read_text()
    common_name = "\\x0c\\x04" + "".join(f"\\x{one:02x}" for one in b"Root")
    assert f'{common_name}", spki' in path.read_text()


def test_a_second_time_changes_nothing(tmp_path: Path, pem: str) -> None:
    path = put(tmp_path, "webpki-roots-1.0.0", SHAPES["webpki-roots-1.0.0"][0])
    trust(tmp_path, pem)
    once = path.read_text()
    trust(tmp_path, pem)
    assert path.read_text() == once


def test_a_copy_that_takes_its_roots_from_a_later_one_is_left(tmp_path: Path, pem: str) -> None:
    put(tmp_path, "webpki-roots-0.26.11", "pub use parent::TLS_SERVER_ROOTS;\n")
    assert trust(tmp_path, pem) == ["webpki-roots-0.26.11: takes its roots from a later version"]


def test_an_unknown_shape_is_told(tmp_path: Path, pem: str) -> None:
    put(tmp_path, "webpki-roots-9.0.0", "pub fn roots() {}\n")
    (told,) = trust(tmp_path, pem)
    assert "not altered" in told


def test_no_link_is_followed(tmp_path: Path, pem: str) -> None:
    outside = put(tmp_path, "outside", SHAPES["webpki-roots-1.0.0"][0], "lib.rs")
    sources = tmp_path / "sources"
    (sources / "webpki-roots-1.0.0/src").mkdir(parents=True)
    (sources / "webpki-roots-1.0.0/src/lib.rs").symlink_to(outside)
    (sources / "webpki-roots-1.0.1").symlink_to(outside.parent)
    (told,) = trust(sources, pem)
    assert "not altered" in told
    assert outside.read_text() == SHAPES["webpki-roots-1.0.0"][0]


def test_the_verifier_is_left_unless_asked_for(tmp_path: Path, pem: str) -> None:
    path = put(tmp_path, "rustls-0.23.31", VERIFIER, "src/webpki/server_verifier.rs")
    assert trust(tmp_path, pem) == []
    assert trust(tmp_path, pem, is_verifier_patched=True) == [
        "rustls-0.23.31: refuses no certificate"
    ]
    assert "Error> {\n        return Ok(ServerCertVerified::assertion());\n" in path.read_text()


def test_a_declaration_without_a_body_is_no_verifier(tmp_path: Path, pem: str) -> None:
    text = (
        "    fn verify_server_cert(\n        &self,\n    ) -> Result<ServerCertVerified, Error>;\n"
    )
    put(tmp_path, "rustls-0.23.31", text, "src/verify.rs")
    (told,) = trust(tmp_path, pem, is_verifier_patched=True)
    assert "not altered" in told


@given(st.binary(max_size=300))
def test_what_is_no_certificate_is_an_error(data: bytes) -> None:
    text = base64.b64encode(b"\x30" + data).decode()
    with pytest.raises(ValueError, match=r"certificate|Incorrect|padding"):
        _parts(f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")


def _parts(pem: str) -> None:
    from sandbox.guest.trust import _der, _subject_and_key

    _subject_and_key(_der(pem))


def test_an_order_to_trust_reaches_every_registry_s_crates(tmp_path: Path, pem: str) -> None:
    for name, (text, _) in SHAPES.items():
        source = tmp_path / "index.invalid-0123456789abcdef" / name / "src"
        source.mkdir(parents=True)
        (source / "lib.rs").write_text(text)
    supervisor = Supervisor(io.BytesIO(), io.BytesIO(), "init")
    told = supervisor._trust({"sources": str(tmp_path), "authority": pem})["altered"]
    assert told == [f"{name}: the sandbox's CA is among its roots" for name in sorted(SHAPES)]
