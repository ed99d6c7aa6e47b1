"""The documentation site: Sphinx with MyST. Nothing is fetched when it is built or read.

sphinx-build -W docs build/site
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from generated import PAGES, SCHEMAS  # noqa: E402  # found by the line above

from analyzer import __version__  # noqa: E402  # as above

project = "cratescope"
author = "the cratescope maintainers"
release = version = __version__
extensions = ["myst_parser"]
exclude_patterns = ["build"]
html_theme = "furo"
html_title = f"cratescope {__version__}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
html_show_sourcelink = False
html_theme_options = {"source_edit_link": "", "top_of_page_buttons": []}
myst_heading_anchors = 3
nitpicky = True
smartquotes = False  # `--` is an option
# Samples of rules are odd on purpose, and need not be what a highlighter expects.
suppress_warnings = ["misc.highlighting_failure"]

_MARK = re.compile(r"^<!-- generated: ([\w -]+) -->$", re.MULTILINE)
_PAGE = re.compile(r"`docs/([\w/-]+\.md)`")


def _fill(_app: Sphinx, page: str, source: list[str]) -> None:
    """Put generated parts in their places, and make links of pages that are named as files."""
    up = "../" * page.count("/")
    text = _MARK.sub(lambda found: _generated(found[1]), source[0])
    source[0] = _PAGE.sub(lambda found: f"[]({up}{found[1]})", text)


def _generated(name: str) -> str:
    kind, _, rest = name.partition(" ")
    return PAGES[kind](rest)


def _publish(app: Sphinx, error: Exception | None) -> None:
    """Put the schemas beside the pages, as `schemas/NAME.json`."""
    if error is None and app.builder.format == "html":
        target = Path(app.outdir) / "schemas"
        target.mkdir(exist_ok=True)
        for file in sorted(SCHEMAS.glob("*.json")):
            shutil.copyfile(file, target / file.name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("source-read", _fill)
    app.connect("build-finished", _publish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
