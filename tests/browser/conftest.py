"""A real browser without a network, and pages to look at in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from analyzer.limits import DEFAULT_LIMITS
from analyzer.local import folder_source
from analyzer.model import (
    Capability,
    Confidence,
    Coverage,
    CrateInfo,
    Evidence,
    Fact,
    FactKind,
    Field,
    Finding,
    Gap,
    GapKind,
    Guard,
    Hop,
    Indicator,
    Lockfile,
    Member,
    Moment,
    Origin,
    Phase,
    Point,
    Provenance,
    Report,
    Severity,
    Span,
    Support,
    Verdict,
    Where,
)
from analyzer.pipeline import analyze
from analyzer.project import audit_html, diff_html
from analyzer.project.audit import AuditResult, Key, Place, Reason, Row
from analyzer.project.changes import compare
from analyzer.report import html
from analyzer.rules.ruleset import load_ruleset

CRATES = Path(__file__).parents[1] / "crates"
PAYLOADS = (
    "<script>window.__pwned=1;alert(1)</script>",
    '"><img src=x onerror="window.__pwned=1;alert(1)">',
    "' autofocus onfocus='window.__pwned=1' tabindex='0",
    '</style></title></pre><svg onload="window.__pwned=1"><script>window.__pwned=1</script></svg>',
    "<a href=javascript:window.__pwned=1>javascript:window.__pwned=1</a>",
    '<iframe srcdoc="<script>parent.__pwned=1</script>"></iframe><object data="data:text/html,x">',
    '<meta http-equiv="refresh" content="0;url=https://outside.invalid/"><base href="//b.invalid/">',
    '<link rel=stylesheet href="//c.invalid/x.css"><style>@import "//d.invalid/x.css";</style>',
    "\u202e\u2066\u200b\x00\x1b[2J<!-- --!><![CDATA[ ]]><svg><foreignObject><p onclick=a>",
)
HOSTILE = "\x00\u202e".join(PAYLOADS)
_ARGUMENTS = (
    *("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"),
    *("--disable-background-networking", "--disable-component-update", "--no-first-run"),
    *("--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
)


@dataclass(frozen=True)
class Browser:
    """A Chromium of our own."""

    driver: webdriver.Chrome
    folder: Path

    def show(self, page: str, *, width: int = 1280, scheme: str = "light", media: str = "") -> None:
        """Open a page as a file, at a width, in a color scheme."""
        path = self.folder / "page.html"
        path.write_text(page, encoding="utf-8")
        self.tell(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        self.tell("Emulation.setEmulatedMedia", media=media, features=features)
        self.messages(), self.requests()  # those of the page before
        self.driver.get(path.as_uri())

    def tell(self, command: str, **parameters: object) -> Any:
        """One command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(command, parameters)

    def run(self, script: str, *arguments: object) -> Any:
        """What a script of the test returns; the page's policy does not bind the test."""
        return self.driver.execute_script(script, *arguments)

    def messages(self) -> list[str]:
        """What the browser complained about, violations of the policy among it."""
        return [one["message"] for one in self._log("browser")]

    def requests(self) -> list[str]:
        """Everything that was asked for since the last call and that no policy stopped."""
        events = [json.loads(one["message"])["message"] for one in self._log("performance")]
        asked: dict[str, str] = {}
        for one in events:
            about = one["params"]
            if one["method"] == "Network.requestWillBeSent":
                asked[about["requestId"]] = about["request"]["url"]
            elif one["method"] == "Network.loadingFailed" and about.get("blockedReason") == "csp":
                asked.pop(about["requestId"])
        return list(asked.values())

    def _log(self, kind: str) -> list[Any]:
        entries = self.driver.get_log(kind)  # type: ignore[no-untyped-call]  # selenium has none
        return list(entries)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests of a worker; each opens its own page."""
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        pytest.skip("needs chromium and chromedriver")
    options = Options()
    options.binary_location = chromium
    for one in (*_ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(one)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(chromedriver))
    yield Browser(driver, tmp_path_factory.mktemp("pages"))
    driver.quit()


Pages = Callable[[str], str]


@pytest.fixture(scope="session")
def page_of() -> Pages:
    """A page by name; each is made once."""
    made: dict[str, str] = {}

    def page(name: str) -> str:
        if name not in made:
            made[name] = _PAGES[name]()
        return made[name]

    return page


def _block() -> Report:
    source = folder_source(CRATES / "steady-clock" / "crate", limits=DEFAULT_LIMITS)
    return analyze(source, ruleset=load_ruleset())


def _clear() -> Report:
    source = folder_source(CRATES / "plain-directives" / "crate", limits=DEFAULT_LIMITS)
    return analyze(source, ruleset=load_ruleset())


def report_of(text: str) -> Report:
    """One text in every place that a crate's author can reach, and in the others."""
    build = (Phase.BUILD_SCRIPT, Phase.LIBRARY)
    guards = (Guard(FactKind.GUARD_CI, text),)
    places: tuple[Where, ...] = (
        *(Span(text, 41), Span(text, 43), Span("src/lib.rs", 7)),
        *(Member(text), Moment(text, 1, 1, 1), Field(text, text, 1)),
    )
    evidence = tuple(
        Evidence(FactKind.FILE_READ, text, text, one, text, (text,), guards) for one in places
    )
    findings = tuple(
        Finding(
            *(text, text, severity, Confidence.HIGH, Support.STATIC, build, (text,), (text,)),
            *(evidence, True, (Hop(Span(text, 41), text), Hop(Span(text, 43), text))),
        )
        for severity in Severity
    )
    return Report(
        crate=CrateInfo(text, text, "ab" * 32, Origin.ARCHIVE),
        verdict=Verdict.BLOCK,
        score=94,
        summary=text,
        findings=findings,
        capabilities=(Capability(text, build, 12, places[0], (text, text)),),
        indicators=(Indicator(text, text, places[1]), Indicator("url", text, places[3])),
        facts=(Fact(FactKind.MENTION, text, places[2], build, text, text, snippet=text),) * 9,
        gaps=(
            Gap(GapKind.MACRO, text, text, 1, build, is_blocking=True, remedy=text),
            Gap(GapKind.MACRO, text, text, 1, build, remedy=text),
        ),
        coverage=Coverage(5, 99, 3, 88, 2, 1, ((Phase.BUILD_SCRIPT, 1),)),
        points=(Point(text, 94, text),),
        provenance=Provenance(text, text, text, text, (text,)),
    )


def audit_of(text: str) -> AuditResult:
    """An audit with the same text everywhere."""
    reasons = (
        Reason("scan", Verdict.BLOCK, text, text, (text,), text),
        Reason(text, Verdict.REVIEW, text, "affiliated"),
    )
    places = (Place(text, 3, (text,) * 30), Place(text, 9, ("app 0.1.0", text)))
    report = report_of(text)
    row = Row(Key(text, text, text, text), reasons, places, report)
    gaps = (Gap(GapKind.UNREADABLE, text, text, 3, (), is_blocking=True, remedy=text),)
    lock = Lockfile(text, 4, ())
    return AuditResult((lock,), (row, row), gaps, text, is_scanned=True, reports=(report,))


_PAGES: dict[str, Callable[[], str]] = {
    "block": lambda: html.render((_block(),)),
    "clear": lambda: html.render((_clear(),)),
    "several": lambda: html.render((_clear(), _block(), report_of("x" * 300)), is_full=True),
    "hostile": lambda: html.render((report_of(HOSTILE),)),
    "hostile-audit": lambda: audit_html.render(audit_of(HOSTILE)),
    "audit": lambda: audit_html.render(audit_of("a-long-name_of.a/crate")),
    "diff": lambda: diff_html.render(compare(_clear(), _block())),
    "wide": lambda: html.render((report_of("W" * 390),)),
}
PAGES = tuple(_PAGES)
