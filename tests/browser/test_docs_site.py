"""The documentation site in a real browser: it asks for nothing outside and fits a phone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Browser

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-d", str(target / "trees")]
    command += [str(ROOT / "docs"), str(target / "html")]
    subprocess.run(command, check=True)
    return target / "html"


@pytest.mark.parametrize("width", [390, 1280])
def test_pages_fit_and_ask_for_nothing_outside(browser: Browser, site: Path, width: int) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 20
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.tell("Emulation.setDeviceMetricsOverride", **size)
    browser.messages(), browser.requests()  # those of the page before
    for page in pages:
        browser.driver.get(page.as_uri())
        assert browser.run("return document.documentElement.scrollWidth") <= width, page
        assert browser.run("return document.styleSheets.length") > 1
        assert browser.messages() == [], page
        asked = browser.requests()
        assert page.as_uri() in asked
        assert [one for one in asked if not one.startswith(("file:", "data:"))] == []


def test_the_search_finds_a_rule(browser: Browser, site: Path) -> None:
    browser.driver.get((site / "search.html").as_uri() + "?q=rustdecimal")
    browser.driver.implicitly_wait(10)
    (found, *_) = browser.driver.find_elements("css selector", "#search-results li a")
    assert "tutorial" in (found.get_attribute("href") or "")
