"""Secrets that go to the service that they belong to."""

from __future__ import annotations

import pytest

from analyzer.model import HIDDEN_CONSTANT, Fact, FactKind, Span
from analyzer.rules.own_service import OwnServices
from analyzer.rules.ruleset import load_ruleset

SIGNATURES = load_ruleset().signatures
AWS, VAULT, SOLANA = (
    "{home}/.aws/sso/cache/{}.json",
    "{home}/.vault-token",
    "{home}/.config/solana/id.json",
)


def fact(kind: FactKind, subject: str) -> Fact:
    return Fact(kind, subject, Span("src/lib.rs", 1, 1, 0, 1))


def is_own(source: str, host: str, *others: Fact) -> bool:
    kind = FactKind.FILE_READ if "/" in source else FactKind.ENV_READ
    sink = fact(FactKind.NET_SEND, host)
    return OwnServices((*others, sink), SIGNATURES).is_own(fact(kind, source), sink)


@pytest.mark.parametrize(
    ("source", "host"),
    [
        (AWS, "https://portal.sso.{}.amazonaws.com/federation/credentials"),
        (AWS, "https://portal.sso.eu-west-1.amazonaws.com.cn/federation/credentials"),
        (SOLANA, "https://api.mainnet-beta.solana.com"),
        (VAULT, "{env:VAULT_ADDR}/v1/secret"),
        (VAULT, "https://{env:VAULT_ADDR}:8200/v1"),
        ("{home}/.ssh/id_rsa", "{env:SSH_AUTH_SOCK}"),
        ("{cwd}/.env", "{env:DATABASE_URL}"),
        ("DATABASE_URL", "{env:DATABASE_URL}"),
        ("PARCELHUB_TOKEN", "https://api.parcelhub.com/v1"),
    ],
)
def test_own_service(source: str, host: str) -> None:
    assert is_own(source, host)


@pytest.mark.parametrize(
    ("source", "host"),
    [
        (AWS, "https://portal.sso.clock.invalid/"),
        (AWS, "https://portal.sso.x.s3.amazonaws.com/"),
        (AWS, "https://drop.s3.amazonaws.com/"),
        (SOLANA, "https://portal.sso.eu-west-1.amazonaws.com/"),
        (VAULT, "{env:STATS_URL}/v1"),
        (VAULT, "{env:VAULT_ADDR}.clock.invalid/v1"),
        (VAULT, "{env:VAULT_ADDR}{}/v1"),
        (VAULT, "https://clock.invalid/{env:VAULT_ADDR}"),
        ("{home}/.ssh/id_rsa", "{env:DATABASE_URL}"),
        ("AWS_SECRET_ACCESS_KEY", "https://api.aws.invalid/"),
    ],
)
def test_foreign_service(source: str, host: str) -> None:
    assert not is_own(source, host)


@pytest.mark.parametrize(
    "other",
    [
        fact(FactKind.ENV_WRITE, "VAULT_ADDR"),
        fact(FactKind.BUILD_DIRECTIVE, "rustc-env=VAULT_ADDR=https://clock.invalid"),
    ],
)
def test_variable_that_the_crate_sets_itself_is_not_the_users(other: Fact) -> None:
    assert not is_own(VAULT, "{env:VAULT_ADDR}/v1", other)


def test_host_with_a_hidden_part_is_nobodys_own() -> None:
    host = "https://portal.sso.{}.amazonaws.com/"

    assert not is_own(AWS, host, fact(FactKind.MENTION, HIDDEN_CONSTANT))
