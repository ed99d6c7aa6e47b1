"""One line for each row and gap of an audit, in the shape of `audit_json`."""

from __future__ import annotations

from analyzer.project.audit_json import render_lines as render

__all__ = ["render"]
