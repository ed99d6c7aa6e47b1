"""The API in OpenAPI's words. A test compares it with what is answered."""

from __future__ import annotations

Json = dict[str, object]
_RELEASE = {"mount": "crates-io", "name": "serde", "version": "1.0.0", "sha256": "0" * 64}


def document(url: str) -> Json:
    """The whole description, for a gate at `url`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "cratescope gate",
            "version": "1",
            "description": "Decisions on releases, waivers, revocations, logs.",
        },
        "servers": [{"url": url.rstrip("/")}],
        "components": {
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "Authorization"}
            },
            "schemas": _schemas(),
        },
        "paths": {
            "/api/v1/status": {"get": _get("Counts, and where the indexes are.", "Status")},
            "/api/v1/releases/{mount}/{name}/{version}/{sha256}": {
                "get": _get(
                    "The decision on one release; 202 while it is being read.",
                    "Ruling",
                    ("mount", "path"),
                    ("name", "path"),
                    ("version", "path"),
                    ("sha256", "path"),
                    ("wait", "query"),
                )
            },
            "/api/v1/rulings": {
                "get": _get(
                    "All rulings on a name.", "Rulings", ("name", "query"), ("mount", "query")
                )
            },
            "/api/v1/who-got": {
                "get": _get("Who got it (admin).", "Taken", ("name", "query"), ("version", "query"))
            },
            "/api/v1/audit": {"get": _get("The audit log (admin).", "Audit", ("since", "query"))},
            "/api/v1/waivers": {
                "get": _get("All waivers.", "Waivers"),
                "post": _post("Ask for a waiver.", "WaiverRequest", 201),
            },
            "/api/v1/waivers/{id}/{answer}": {
                "post": _post(
                    "Answer: approve, reject or withdraw (admin, another person).",
                    "Nothing",
                    200,
                    ("id", "path"),
                    ("answer", "path"),
                )
            },
            "/api/v1/revoke": {"post": _post("Deny a release (admin).", "Revocation", 200)},
            "/api/v1/restore": {"post": _post("Take that back (admin).", "Revocation", 200)},
        },
    }


def _schemas() -> Json:
    text: Json = {"type": "string"}
    release: Json = dict.fromkeys(_RELEASE, text)
    ruling = release | {
        "outcome": {"enum": ["serve", "hold", "deny"]},
        **dict.fromkeys(("verdict", "why", "cause", "at", "rule", "place", "before"), text),
        **dict.fromkeys(("until", "actor", "last_allowed", "page"), text),
        "mends": {"type": "array", "items": text},
        "evidence": {"type": "integer"},
        "id": {"type": "integer"},
    }
    asked = {"reason": {"type": "string", "minLength": 10}, "rule": text, "expires": text}
    return {
        "Ruling": {"type": "object", "required": [*_RELEASE, "outcome"], "properties": ruling},
        "WaiverRequest": {
            "type": "object",
            "required": [*_RELEASE, "reason"],
            "properties": release | asked,
        },
        "Revocation": {
            "type": "object",
            "required": [*_RELEASE, "reason"],
            "properties": release | {"reason": text},
        },
        "Nothing": {"type": "object"},
        "Status": {"type": "object"},
        "Rulings": {"type": "object"},
        "Taken": {"type": "object"},
        "Audit": {"type": "object"},
        "Waivers": {"type": "object"},
    }


def _get(summary: str, schema: str, *parameters: tuple[str, str]) -> Json:
    return {
        "summary": summary,
        "parameters": list(map(_parameter, parameters)),
        "security": [{"token": []}, {}],
        "responses": {
            "200": _content("The answer.", schema),
            "default": {"description": "Trouble."},
        },
    }


def _post(summary: str, schema: str, status: int, *parameters: tuple[str, str]) -> Json:
    body = {"content": {"application/json": {"schema": _ref(schema)}}}
    return {
        "summary": summary,
        "parameters": list(map(_parameter, parameters)),
        "security": [{"token": []}],
        "requestBody": body,
        "responses": {
            str(status): {"description": "Done."},
            "default": {"description": "Refused."},
        },
    }


def _parameter(one: tuple[str, str]) -> Json:
    name, place = one
    return {"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}}


def _content(words: str, schema: str) -> Json:
    return {"description": words, "content": {"application/json": {"schema": _ref(schema)}}}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}
