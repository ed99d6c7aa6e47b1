"""Which classes of secrets are here: by names, and not by names that only look like theirs."""

from __future__ import annotations

from analyzer.project.incident.secrets import present
from analyzer.signatures import load_signatures


def test_a_region_is_no_secret_and_a_key_is() -> None:
    environ = dict.fromkeys(("AWS_REGION", "AWS_CA_BUNDLE", "AWS_SECRET_ACCESS_KEY", "PATH"), "x")
    (cloud,) = present(("cloud",), load_signatures(), None, environ)
    assert [one.name for one in cloud.present] == ["AWS_SECRET_ACCESS_KEY"]
