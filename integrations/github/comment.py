"""One step of the GitHub action: a comment on the pull request, which later runs replace.

The only step that holds a token. Trouble here is a warning: the verdict does not depend on it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

CHARACTERS = 60_000  # of the 65,536 that a comment may have
PAGES = 30
_MARK = re.compile(r"<!-- cratescope [a-z-]+ -->", re.ASCII)
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


def own_comments(client: httpx.Client, number: int, mark: str, author: str) -> Iterator[int]:
    """Ids of the comments that an earlier run left. Others may copy the mark, not the author."""
    for page in range(1, PAGES + 1):
        answer = client.get(
            f"issues/{number}/comments", params={"per_page": "100", "page": str(page)}
        )
        answer.raise_for_status()
        rows: Any = answer.json()
        for row in rows:
            if row["user"]["login"] == author and row["body"].startswith(mark):
                yield int(row["id"])
        if len(rows) < 100:
            return


def put(client: httpx.Client, number: int, text: str, author: str, *, is_clear: bool) -> str:
    """Replace the comment, or make one unless there is nothing to say; what was done."""
    mark = _MARK.match(text)
    if mark is None:
        raise ValueError("the report has no mark")
    body = {"body": text}
    old = next(own_comments(client, number, mark[0], author), None)
    if old is not None:
        client.patch(f"issues/comments/{old}", json=body).raise_for_status()
        return "replaced"
    if is_clear:
        return "not needed"
    client.post(f"issues/{number}/comments", json=body).raise_for_status()
    return "written"


def cut(text: str) -> str:
    """As much as a comment may have, in whole lines."""
    if len(text) <= CHARACTERS:
        return text
    return text[: text.rindex("\n", 0, CHARACTERS)] + "\n\n_Cut: see the job's summary._\n"


def main() -> None:
    """Never fails: a pull request from a fork has a token that may only read."""
    try:
        text = Path(os.environ["REPORTS"], "cratescope.md").read_text(encoding="utf-8")
        event: Any = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
        number, repository = int(event["number"]), os.environ["GITHUB_REPOSITORY"]
        if not _REPOSITORY.fullmatch(repository):
            raise ValueError("no repository")
        headers = {
            "Authorization": f"Bearer {os.environ['INPUT_TOKEN']}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        base = f"{os.environ['GITHUB_API_URL']}/repos/{repository}/"
        with httpx.Client(base_url=base, headers=headers, timeout=30) as client:
            is_clear = os.environ["VERDICT"] == "CLEAR"
            done = put(client, number, cut(text), os.environ["INPUT_AUTHOR"], is_clear=is_clear)
        print(f"comment: {done}")
    except httpx.HTTPStatusError as error:
        code = error.response.status_code
        why = "the token may not write (permission pull-requests: write)"
        told = why if code in (401, 403) else "see the status page of the service"
        print(f"::warning title=cratescope::no comment, {code}: {told}")
    except (OSError, ValueError, KeyError, TypeError, httpx.HTTPError) as error:
        print(f"::warning title=cratescope::no comment: {type(error).__name__}")


if __name__ == "__main__":
    main()
