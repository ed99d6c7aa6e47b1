"""The documentation site: it builds without a warning, and needs nothing from outside."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from analyzer.rules.ruleset import load_ruleset

ROOT = Path(__file__).parents[2]
_LOADS = {"img": "src", "script": "src", "iframe": "src", "source": "src", "link": "href"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site. A page in no list, a link to nowhere, a setting without words: a warning."""
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d"]
    command += [str(target / "trees"), str(ROOT / "docs"), str(target / "html")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return target / "html"


class _Loads(HTMLParser):
    """What a page makes a browser fetch by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        value = dict(attrs).get(_LOADS.get(tag, ""))
        if value:
            self.found.append(value)


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        loads = _Loads()
        loads.feed(page.read_text())
        assert any(one.endswith(".css") or ".css?" in one for one in loads.found)
        for one in loads.found:
            assert not re.match(r"[a-z]+:|//", one), f"{page.name}: {one}"
            assert (page.parent / one.partition("?")[0].partition("#")[0]).exists(), one
    for sheet in site.rglob("*.css"):
        assert not re.search(r"@import|url\(\s*['\"]?(?:https?:)?//", sheet.read_text())


def test_every_rule_has_its_place_in_the_reference(site: Path) -> None:
    index = (site / "reference/rules.html").read_text()
    for rule in load_ruleset().rules:
        folder = rule.namespace.partition("/")[0]
        assert f'href="rules/{folder}.html#{rule.id}"' in index
        page = (site / f"reference/rules/{folder}.html").read_text()
        assert f'id="{rule.id}"' in page


def test_commands_settings_and_schemas_are_made_from_the_product(site: Path) -> None:
    commands = (site / "reference/cli.html").read_text()
    for words in ("scan", "rules-lint", "db-export"):
        assert f'id="cratescope-{words}"' in commands
    assert "--hygiene-strict" in commands
    assert "CRATESCOPE_CACHE_DIR" in (site / "reference/settings.html").read_text()
    schemas = (site / "reference/schemas.html").read_text()
    assert "cratescope.audit/v1" in schemas
    assert "is_blocking" not in schemas
    for file in sorted((ROOT / "analyzer/report/schemas").glob("*.json")):
        assert (site / "schemas" / file.name).read_text() == file.read_text()


def test_nothing_generated_is_left_out(site: Path) -> None:
    for page in site.rglob("*.html"):
        assert "generated: " not in page.read_text()
