"""Projects, histories and caches as cargo and git leave them, written by the tests themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dulwich.objects import Blob, Commit, ObjectID, Tree
from dulwich.repo import Repo

from analyzer.config import DEFAULT_INDEX
from analyzer.project.hunt.model import HuntResult
from analyzer.project.hunt.result import Wanted, hunt
from analyzer.project.incident.load import load_knowledge
from analyzer.signatures import load_signatures

REGISTRY = f"sparse+{DEFAULT_INDEX}"
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def lock(*packages: tuple[str, str], source: str = REGISTRY) -> str:
    """A lock file of these packages and one of its own."""
    rows = ['version = 4\n\n[[package]]\nname = "app"\nversion = "0.1.0"\n']
    for name, version in packages:
        place = f'source = "{source}"\n' if source else ""
        rows.append(f'[[package]]\nname = "{name}"\nversion = "{version}"\n{place}')
    return "\n".join(rows)


class Project:
    """A repository written object by object, without git."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.repo = Repo.init(str(path))
        self.tips: dict[str, ObjectID] = {}

    def commit(self, files: Mapping[str, str], day: str, branch: str = "main") -> str:
        """One commit on a branch; `day` as YYYY-MM-DD."""
        made = Commit()
        made.tree = self._tree({one: text.encode() for one, text in files.items()})
        made.author = made.committer = b"a <a@example.invalid>"
        made.author_time = made.commit_time = int(
            datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
        )
        made.author_timezone = made.commit_timezone = 0
        made.message = b"m"
        tip = self.tips.get(branch, self.tips.get("main"))
        made.parents = [tip] if tip else []
        self.repo.object_store.add_object(made)
        self.tips[branch] = made.id
        heads = self.path / ".git/refs/heads"
        (heads / branch).write_text(f"{made.id.decode()}\n")
        (self.path / ".git/HEAD").write_text("ref: refs/heads/main\n")
        return made.id.decode()

    def _tree(self, files: Mapping[str, bytes]) -> ObjectID:
        tree = Tree()
        folders: dict[str, dict[str, bytes]] = {}
        for path, data in files.items():
            head, _, rest = path.partition("/")
            if rest:
                folders.setdefault(head, {})[rest] = data
                continue
            blob = Blob.from_string(data)
            self.repo.object_store.add_object(blob)
            tree.add(head.encode(), 0o100644, blob.id)
        for name, below in folders.items():
            tree.add(name.encode(), 0o040000, self._tree(below))
        self.repo.object_store.add_object(tree)
        return tree.id


Search = Callable[..., HuntResult]


@pytest.fixture
def search(tmp_path: Path) -> Search:
    """A hunt below the test's folder, or the paths it names."""

    def run(*paths: Path, **more: object) -> HuntResult:
        own = more.pop("own", ())
        knowledge = load_knowledge(None, own=own)  # type: ignore[arg-type]
        given: dict[str, object] = {"jobs": 1, "environ": {}} | more
        wanted = Wanted(knowledge, load_signatures(), NOW, **given)  # type: ignore[arg-type]
        return hunt(paths or (tmp_path,), wanted)

    return run


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str], Project]:
    return lambda name: Project(tmp_path / name)


def write(path: Path, text: str | bytes = "") -> Path:
    """A file with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path
