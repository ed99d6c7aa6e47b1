"""A real Chromium, before a gate that holds a hostile crate."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait

from gate.actions import Actions
from gate.model import Release

if TYPE_CHECKING:
    from tests.gate.conftest import Live

pytestmark = pytest.mark.browser

PAYLOADS = (
    "<script>window.__pwned=1</script>",
    '"><img src=x onerror="window.__pwned=1">',
    "' autofocus onfocus='window.__pwned=1' tabindex='0",
    '</style></title></pre></textarea><svg onload="window.__pwned=1">',
    "javascript:window.__pwned=1",
    "{{ 7 * 7 }}{% set x = 1 %}",
)
NAME = "hostile-everywhere"


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Headless, with nothing of this machine's."""
    found = [shutil.which("chromium"), shutil.which("chromedriver")]
    if None in found:
        pytest.skip("needs chromium and chromedriver")
    options = Options()
    options.binary_location = str(found[0])
    for one in ("headless=new", "no-sandbox", "disable-gpu", "no-first-run", "no-proxy-server"):
        options.add_argument(f"--{one}")
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with webdriver.Chrome(options=options, service=Service(str(found[1]))) as driver:
        yield driver


@pytest.fixture(scope="module")
def hostile(live: Live) -> Live:
    """A gate that holds a crate whose code, names and README are payloads."""
    lines = "".join(f"    // {one}\n" for one in PAYLOADS)
    texts = "".join(f'    let _ = r#"{one}"#;\n' for one in PAYLOADS)
    code = f'fn main() {{\n{lines}{texts}    std::net::TcpStream::connect("203.0.113.9:80"); // {PAYLOADS[0]}{PAYLOADS[1]}\n}}\n'
    files = {"build.rs": code, "README.md": "\n".join(PAYLOADS)}
    files |= {f"src/{one.replace('/', '_')}.rs": "" for one in PAYLOADS}
    sha256 = live.publish(NAME, "1.0.0", files)
    assert live.archive(NAME, "1.0.0", sha256).status == 403
    return live


def run(chrome: webdriver.Chrome) -> list[str]:
    """What a page did that no page of ours does: ran code, loaded from elsewhere."""
    found = ["ran code"] if chrome.execute_script("return window.__pwned") else []
    asked = chrome.execute_script(
        "return performance.getEntriesByType('resource').map(e => e.name)"
    )
    return found + [one for one in asked if not one.endswith("/style.css")]


def logged(chrome: webdriver.Chrome) -> list[dict[str, str]]:
    """What the browser complained about since it was asked last."""
    rows: list[dict[str, str]] = chrome.get_log("browser")  # type: ignore[no-untyped-call]
    return rows


def click(chrome: webdriver.Chrome, selector: str) -> None:
    """Click, and wait until the next page is there."""
    before = chrome.find_element(By.TAG_NAME, "html")
    chrome.find_element(By.CSS_SELECTOR, selector).click()
    # Between two pages the browser answers with errors that are none of ours.
    waiting = WebDriverWait(chrome, 30, ignored_exceptions=[WebDriverException])
    waiting.until(staleness_of(before))
    WebDriverWait(chrome, 30).until(lambda one: one.find_elements(By.CSS_SELECTOR, "footer"))


def sign_in(chrome: webdriver.Chrome, live: Live, name: str, kind: str) -> None:
    text = live.gate.people.make_token(name, kind, "root")
    live.gate.auth.refresh()
    chrome.set_window_size(1280, 900)
    chrome.delete_all_cookies()
    chrome.get(f"{live.url}sign-in")
    chrome.find_element(By.ID, "token").send_keys(text)
    click(chrome, "main button")


def test_nothing_of_a_hostile_crate_runs_on_any_page(
    chrome: webdriver.Chrome, hostile: Live
) -> None:
    chrome.delete_all_cookies()
    number = hostile.gate.store.rulings("crates-io", NAME)[-1].id
    pages = ["", "holds", f"crate/{NAME}", f"crate/{NAME}/1.0.0", f"evidence/{number}", "set-up"]
    pages += [f"search?q={one}" for one in ("%3Cscript%3E", "hostile", "%27%20onfocus")]
    for path in pages:
        chrome.get(hostile.url + path)
        assert chrome.find_elements(By.TAG_NAME, "h1"), path
        if not path.startswith("evidence"):  # there scripts of ours are shut out, too
            assert run(chrome) == [], path
        assert not chrome.find_elements(By.CSS_SELECTOR, "script, img, iframe, object, [onload]")


def test_the_evidence_has_an_origin_of_its_own_and_no_scripts(
    chrome: webdriver.Chrome, hostile: Live
) -> None:
    number = hostile.gate.store.rulings("crates-io", NAME)[-1].id
    sign_in(chrome, hostile, "looks", "admin")
    chrome.get(f"{hostile.url}evidence/{number}")
    assert "203.0.113.9" in chrome.find_element(By.TAG_NAME, "main").text
    assert "<script>window.__pwned=1</script>" in chrome.find_element(By.TAG_NAME, "body").text


def test_two_people_waive_with_keyboard_and_forms_alone(
    chrome: webdriver.Chrome, hostile: Live
) -> None:
    sign_in(chrome, hostile, "anne <script>window.__pwned=1</script>", "read")
    chrome.get(f"{hostile.url}crate/{NAME}/1.0.0")
    chrome.find_element(By.NAME, "reason").send_keys(PAYLOADS[3])
    click(chrome, "form[action='/waivers'] button")
    assert "requested" in chrome.find_element(By.TAG_NAME, "main").text
    assert run(chrome) == []
    sign_in(chrome, hostile, "bert", "admin")
    chrome.get(f"{hostile.url}waivers")
    row, *_ = hostile.gate.people.waivers(mount="crates-io", name=NAME)
    click(chrome, f"form[action='/waivers/{row.id}'] button[value=approve]")
    assert "approved, bert" in chrome.find_element(By.TAG_NAME, "main").text
    chrome.get(f"{hostile.url}audit")
    assert "waiver-approved" in chrome.find_element(By.TAG_NAME, "main").text
    assert run(chrome) == []


def test_a_page_of_another_site_cannot_post_a_form(
    chrome: webdriver.Chrome, hostile: Live, tmp_path: Path
) -> None:
    code = 'fn main() { let _ = std::net::TcpStream::connect("203.0.113.9:80"); }'
    release = Release(
        "crates-io", "aimed-at", "1.0.0", hostile.publish("aimed-at", "1.0.0", {"build.rs": code})
    )
    assert hostile.archive(release.name, release.version, release.sha256).status == 403
    actions = Actions(hostile.gate.desk, hostile.gate.people)
    (row,) = actions.ask_waivers(release, {"reason": "a reason long enough"}, "ann")
    sign_in(chrome, hostile, "victim", "admin")
    forged = tmp_path / "evil.html"
    forged.write_text(
        f'<form action="{hostile.url}waivers/{row.id}" method="post">'
        '<input name="answer" value="approve"><button>x</button></form>'
    )
    chrome.get(forged.as_uri())
    click(chrome, "button")
    assert "Not permitted" in chrome.find_element(By.TAG_NAME, "body").text
    assert hostile.gate.people.waiver(row.id) == row


@pytest.mark.parametrize("width", [360, 1280])
def test_pages_fit_small_and_large_screens_and_every_field_has_a_label(
    chrome: webdriver.Chrome, hostile: Live, width: int
) -> None:
    sign_in(chrome, hostile, f"wide-{width}", "admin")
    chrome.set_window_size(width, 800)
    logged(chrome)
    for path in ("", "holds", f"crate/{NAME}/1.0.0", "waivers", "audit", "policy", "set-up"):
        chrome.get(hostile.url + path)
        over = chrome.execute_script(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        wide = chrome.execute_script(
            "return [...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect()"
            ".right > innerWidth && !e.closest('.scroll')).map(e => e.outerHTML.slice(0, 90))"
        )
        assert over <= 0, (path, wide[:3])
        bare = chrome.execute_script(
            "return [...document.querySelectorAll('input:not([type=hidden]), select, textarea')]"
            ".filter(e => !e.labels.length).length"
        )
        assert bare == 0, path
        assert chrome.execute_script("return document.querySelectorAll('main h1').length") == 1
    assert not [one for one in logged(chrome) if one["level"] == "SEVERE"]
