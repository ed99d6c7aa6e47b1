"""HTML reports in a real browser: nothing runs, everything can be read, reached and printed."""

from __future__ import annotations

import base64
import html as escaping
import re
from itertools import pairwise

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from analyzer.report import html

from .conftest import HOSTILE, PAGES, PAYLOADS, Browser, Pages, report_of

pytestmark = pytest.mark.browser

OPEN_ALL = "for (const one of document.querySelectorAll('details')) one.open = true;"
COLORS = """
const parse = (text) => {
  const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
  return [r, g, b, a];
};
const light = ([r, g, b]) => {
  const part = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
};
const ground = (node) => {
  for (let at = node; at; at = at.parentElement) {
    const color = parse(getComputedStyle(at).backgroundColor);
    if (color[3] > 0) return color;
  }
  return [255, 255, 255, 1];
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const low = [];
let seen = 0;
while (walker.nextNode()) {
  const holder = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !holder.checkVisibility()) continue;
  const front = parse(getComputedStyle(holder).color);
  if (front[3] === 0) continue;
  const pair = [light(front), light(ground(holder))].sort((a, b) => a - b);
  const ratio = (pair[1] + 0.05) / (pair[0] + 0.05);
  seen += 1;
  if (ratio < 4.5) low.push([holder.className, holder.tagName, ratio]);
}
return [seen, low];
"""


# Nothing of a crate runs -------------------------------------------------------------------------


@pytest.mark.parametrize("payload", [PAYLOADS[0], PAYLOADS[1], PAYLOADS[3], PAYLOADS[5]])
def test_the_payloads_do_run_where_nobody_escapes_them(browser: Browser, payload: str) -> None:
    page = f"<!doctype html><title>x</title><p>{payload.replace('alert(1)', '')}</p>"
    browser.show(page)
    assert browser.run("return window.__pwned") == 1


@pytest.mark.parametrize("name", ["hostile", "hostile-audit"])
def test_a_hostile_report_runs_and_loads_nothing(
    browser: Browser, page_of: Pages, name: str
) -> None:
    browser.show(page_of(name))
    browser.run(OPEN_ALL)
    assert browser.run("return document.compatMode") == "CSS1Compat"
    assert browser.run("return typeof window.__pwned") == "undefined"  # an alert would raise here
    assert browser.messages() == []
    assert [one.rpartition("/")[2] for one in browser.requests()] == ["page.html"]


@pytest.mark.parametrize("name", ["hostile", "hostile-audit"])
def test_a_hostile_report_has_no_part_that_could_run_or_load(
    browser: Browser, page_of: Pages, name: str
) -> None:
    browser.show(page_of(name))
    tags = (
        "script, iframe, object, embed, link, base, img, form, input, foreignObject, video, audio"
    )
    assert browser.run(f"return document.querySelectorAll('{tags}').length") == 0
    assert browser.run("return document.querySelectorAll('style').length") == 1
    assert browser.run("return document.querySelectorAll('meta[http-equiv]').length") == 1
    names = set(
        browser.run(
            "return [...document.querySelectorAll('*')].flatMap(one => one.getAttributeNames())"
        )
    )
    assert not {one for one in names if one.startswith("on")}
    assert not names & {"style", "src", "srcset", "srcdoc", "action", "formaction", "xlink:href"}
    targets = browser.run(
        "return [...document.querySelectorAll('[href]')].map(one => one.getAttribute('href'))"
    )
    assert targets
    assert all(re.fullmatch(r"#[a-z0-9-]+", one) for one in targets)


@pytest.mark.parametrize("name", ["hostile", "hostile-audit"])
def test_a_reader_sees_the_payload_as_text_and_hidden_signs_by_number(
    browser: Browser, page_of: Pages, name: str
) -> None:
    browser.show(page_of(name))
    browser.run(OPEN_ALL)
    seen = browser.run("return document.body.innerText")
    assert PAYLOADS[0] in seen
    assert "\\u{0}\\u{202e}" in seen
    assert not set("\u202e\u2066\u200b\x00\x1b") & set(seen)


def test_the_policy_would_stop_what_got_past_the_escaping(browser: Browser, page_of: Pages) -> None:
    page = page_of("block")
    injected = page.replace("</main>", f"{PAYLOADS[0]}{PAYLOADS[1]}{PAYLOADS[7]}</main>", 1)
    assert injected != page
    browser.show(injected)
    assert browser.run("return typeof window.__pwned") == "undefined"
    assert [one.rpartition("/")[2] for one in browser.requests()] == ["page.html"]
    assert any("Content Security Policy" in one for one in browser.messages())


@pytest.mark.parametrize("name", PAGES)
def test_no_page_breaks_its_own_policy(browser: Browser, page_of: Pages, name: str) -> None:
    browser.show(page_of(name))
    assert browser.messages() == []
    assert (
        browser.run("return getComputedStyle(document.querySelector('.strip')).display") == "block"
    )
    assert browser.run("return document.styleSheets.length") == 1


def test_the_page_is_the_same_without_scripts(browser: Browser, page_of: Pages) -> None:
    def picture() -> str:
        shot = browser.tell("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return str(shot["data"])

    browser.show(page_of("hostile"))
    with_scripts = picture()
    browser.tell("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.show(page_of("hostile"))
        assert picture() == with_scripts
    finally:
        browser.tell("Emulation.setScriptExecutionDisabled", value=False)


# It can be read ----------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [320, 380, 768, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_no_page_scrolls_sideways(browser: Browser, page_of: Pages, name: str, width: int) -> None:
    browser.show(page_of(name), width=width)
    browser.run(OPEN_ALL)
    across, room = browser.run("return [document.documentElement.scrollWidth, innerWidth]")
    assert across <= room == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["block", "several", "audit", "diff"])
def test_every_text_stands_out_from_its_ground(
    browser: Browser, page_of: Pages, name: str, scheme: str
) -> None:
    browser.show(page_of(name), scheme=scheme)
    browser.run(OPEN_ALL)
    seen, low = browser.run(COLORS)
    assert seen > 50
    assert low == []


def test_dark_and_light_differ(browser: Browser, page_of: Pages) -> None:
    script = (
        "const one = document.querySelector('.card');"
        "return [document.body, one].flatMap(x =>"
        " [getComputedStyle(x).color, getComputedStyle(x).backgroundColor])"
    )
    browser.show(page_of("block"), scheme="light")
    light = browser.run(script)
    browser.show(page_of("block"), scheme="dark")
    dark = browser.run(script)
    assert all(one != other for one, other in zip(light, dark, strict=True))


def test_a_long_source_line_scrolls_in_itself(browser: Browser, page_of: Pages) -> None:
    browser.show(page_of("wide"), width=380)
    assert browser.run(
        "const one = document.querySelector('.code pre');"
        "return one.scrollWidth > one.clientWidth && one.clientWidth < 380"
    )


def test_hebrew_in_a_source_line_keeps_the_order_of_its_bytes(browser: Browser) -> None:
    browser.show(html.render((report_of('let שלום = "אב";'),)))
    order = browser.run(
        "const node = document.querySelector('.hit mark').firstChild;"
        "return [...node.data].map((_, at) => { const one = document.createRange();"
        " one.setStart(node, at); one.setEnd(node, at + 1);"
        " return one.getBoundingClientRect().left; })"
    )
    assert order == sorted(order)


# It can be reached -------------------------------------------------------------------------------


def _tab_stops(browser: Browser) -> list[str]:
    """What the tab key reaches, in order."""
    stops: list[str] = []
    for _ in range(400):
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
        stop = browser.run(
            "const one = document.activeElement;"
            "return one === document.body ? '' :"
            " `${one.tagName} ${one.className} ${one.getAttribute('href') || ''}`.trim()"
        )
        if not stop:
            break
        stops.append(stop)
    return stops


def test_the_tab_key_reaches_everything_that_opens_and_closes(
    browser: Browser, page_of: Pages
) -> None:
    browser.show(page_of("block"))
    stops = _tab_stops(browser)
    assert stops[0] == "A skip #report"
    wanted = browser.run("return document.querySelectorAll('summary').length")
    assert sum(one.startswith("SUMMARY") for one in stops) == wanted > 1
    tables = browser.run("return document.querySelectorAll('.scroll').length")
    closed = browser.run("return document.querySelectorAll('details:not([open]) .scroll').length")
    assert sum(one == "DIV scroll" for one in stops) == tables - closed > 0


def test_the_skip_link_leads_past_the_contents(browser: Browser, page_of: Pages) -> None:
    browser.show(page_of("block"))
    ActionChains(browser.driver).send_keys(Keys.TAB).perform()
    assert browser.run("return document.activeElement.getBoundingClientRect().left") >= 0
    ActionChains(browser.driver).send_keys(Keys.ENTER).perform()
    ActionChains(browser.driver).send_keys(Keys.TAB).perform()
    assert browser.run("return document.activeElement.closest('main') !== null")


@pytest.mark.parametrize("has_scripts", [True, False])
def test_enter_opens_and_closes_a_part(browser: Browser, page_of: Pages, has_scripts: bool) -> None:
    browser.tell("Emulation.setScriptExecutionDisabled", value=not has_scripts)
    try:
        browser.show(page_of("block"))
        part = browser.driver.find_element(By.CSS_SELECTOR, "details.finding")
        assert part.get_dom_attribute("open") is not None
        part.find_element(By.TAG_NAME, "summary").send_keys(Keys.ENTER)
        assert part.get_dom_attribute("open") is None
        part.find_element(By.TAG_NAME, "summary").send_keys(Keys.SPACE)
        assert part.get_dom_attribute("open") is not None
    finally:
        browser.tell("Emulation.setScriptExecutionDisabled", value=False)


def test_the_focus_can_be_seen(browser: Browser, page_of: Pages) -> None:
    browser.show(page_of("block"))
    for _ in range(3):
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
    style, width = browser.run(
        "const one = getComputedStyle(document.activeElement);"
        "return [one.outlineStyle, one.outlineWidth]"
    )
    assert (style, width) == ("solid", "3px")


def test_a_click_selects_an_indicator_whole(browser: Browser, page_of: Pages) -> None:
    browser.show(page_of("block"))
    value = browser.driver.find_element(By.CSS_SELECTOR, "#search td .select")
    value.click()
    assert browser.run("return getSelection().toString().trim()") == value.text != ""


def test_an_anchor_of_evidence_leads_to_it(browser: Browser, page_of: Pages) -> None:
    browser.show(page_of("block"))
    browser.driver.find_element(By.CSS_SELECTOR, "a.tag[href='#f2-e1']").click()
    assert browser.run("return document.querySelector(':target').id") == "f2-e1"
    assert browser.run(
        "const at = document.querySelector(':target').getBoundingClientRect();"
        "return at.top >= 0 && at.bottom <= innerHeight"
    )


# It is well-formed for those who do not see it ---------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_headings_go_down_one_level_at_a_time(browser: Browser, page_of: Pages, name: str) -> None:
    browser.show(page_of(name))
    levels = browser.run(
        "return [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(x => +x.tagName[1])"
    )
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", PAGES)
def test_tables_say_what_their_cells_mean(browser: Browser, page_of: Pages, name: str) -> None:
    browser.show(page_of(name))
    assert browser.run("return document.querySelectorAll('table').length") > 0
    assert browser.run(
        "return [...document.querySelectorAll('table')].every(one => one.caption"
        " && one.caption.textContent !== ''"
        " && [...one.tHead.rows[0].cells].every(x => x.scope === 'col' && x.textContent)"
        " && [...one.tBodies[0].rows].every(x => x.cells.length === one.tHead.rows[0].cells.length"
        "   && x.querySelectorAll('th[scope=row]').length === 1))"
    )


@pytest.mark.parametrize("name", ["block", "several", "audit", "diff"])
def test_the_browser_tells_the_same_structure_to_a_screen_reader(
    browser: Browser, page_of: Pages, name: str
) -> None:
    browser.show(page_of(name))
    browser.run(OPEN_ALL)
    nodes = browser.tell("Accessibility.getFullAXTree")["nodes"]
    roles = [one["role"]["value"] for one in nodes if not one["ignored"]]
    for one in ("banner", "navigation", "main", "contentinfo"):
        assert roles.count(one) == 1, one
    assert roles.count("table") == browser.run("return document.querySelectorAll('table').length")
    assert "rowheader" in roles
    assert "columnheader" in roles
    named = [one for one in nodes if one.get("role", {}).get("value") == "region"]
    assert named
    assert all(one["name"]["value"] for one in named)
    assert browser.run("return document.documentElement.lang") == "en"


# It can be printed -------------------------------------------------------------------------------


def test_print_is_a_document_of_some_pages(browser: Browser, page_of: Pages) -> None:
    browser.show(page_of("several"))
    paper = base64.b64decode(browser.tell("Page.printToPDF")["data"])
    assert paper.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) >= 4


def test_print_opens_what_is_folded_but_the_list_of_facts(browser: Browser, page_of: Pages) -> None:
    heights = (
        "for (const one of document.querySelectorAll('details')) one.open = false;"
        "return [...document.querySelectorAll('details > :last-child')]"
        ".map(x => [x.parentElement.classList.contains('bulk'),"
        " x.checkVisibility({contentVisibilityAuto: true}) && x.getBoundingClientRect().height > 0])"
    )
    browser.show(page_of("block"))
    assert not any(is_seen for _, is_seen in browser.run(heights))
    browser.show(page_of("block"), media="print")
    found = browser.run(heights)
    assert {is_bulk for is_bulk, _ in found} == {True, False}
    assert all(is_seen is not is_bulk for is_bulk, is_seen in found)


def test_print_is_black_on_white_whatever_the_scheme(browser: Browser, page_of: Pages) -> None:
    browser.show(page_of("block"), media="print", scheme="dark")
    color, ground = browser.run(
        "const one = getComputedStyle(document.body); return [one.color, one.backgroundColor]"
    )
    assert (color, ground) == ("rgb(0, 0, 0)", "rgb(255, 255, 255)")


# Text that comes back ----------------------------------------------------------------------------


def test_a_page_holds_the_payload_escaped(page_of: Pages) -> None:
    page = page_of("hostile")
    assert escaping.escape(PAYLOADS[0]) in page
    assert PAYLOADS[0] not in page
    assert HOSTILE not in page
