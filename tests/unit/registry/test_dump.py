"""The database dump: a small one of the same shape, whole, torn and odd."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.config import Settings
from analyzer.errors import RegistryUnreachable, UsageError
from analyzer.model import Owner, Publication
from analyzer.registry.dump import NameStore, open_names, read_dump
from analyzer.registry.update import DumpUpdate

if TYPE_CHECKING:
    from tests.unit.registry.conftest import SparseServer

TABLES = {
    "badges": "badge_type,crate_id\n",
    "crate_downloads": "crate_id,downloads\n1,4711\n2,3\n",
    "crate_owners": "crate_id,created_at,created_by,owner_id,owner_kind\n"
    "1,2024-01-10 00:00:00.1,,7,0\n1,2026-11-18 00:00:00.1,7,8,0\n1,2025-01-01 00:00:00,7,7,1\n"
    "2,2024-01-10 00:00:00.1,,7,0\n",
    "crates": "created_at,description,id,name,readme,repository,updated_at\n"
    '2024-01-10 00:00:00.1,"hops, ""well""\nfar",1,Quokka_Hop,,https://git.invalid/q,2026-11-20\n'
    "2024-01-10 00:00:00.1,,2,bilby,,,2026-11-20\n",
    "teams": "avatar,github_id,id,login,name,org_id\n,1,7,github:hops:core,,\n",
    "users": "gh_avatar,gh_id,gh_login,id,name\n,1,ann,7,Ann\n,2,mallory,8,\n",
    "versions": "checksum,crate_id,created_at,id,num,published_by,yanked\n"
    "x,1,2026-11-20 12:00:00,2,0.2.0,8,f\nx,1,2024-01-10 00:00:00,1,0.1.0,7,f\nx,2,2024,3,1.0.0,,f\n",
}
META = '{"timestamp": "2026-11-25T00:00:15.123Z", "crates_io_commit": "x", "format_version": "0.2"}'


def pack(tables: dict[str, str] = TABLES, meta: str = META) -> bytes:
    files = {f"data/{name}.csv": text for name, text in tables.items()}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for path, text in {"README.md": "", **files, "metadata.json": meta}.items():
            member = tarfile.TarInfo(f"2026-11-25-000015/{path}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def test_a_dump_answers_for_a_name(tmp_path: Path) -> None:
    assert read_dump(io.BytesIO(pack()), tmp_path / "d") == "2026-11-25T00:00:15.123Z"
    names = NameStore(tmp_path / "d")
    found = names.record("quokka-hop")
    assert found is not None
    assert (found.name, found.downloads, found.recent_downloads) == ("Quokka_Hop", 4711, -1)
    assert found.source == "dump of 2026-11-25T00:00:15.123Z"
    assert found.owners == (
        Owner("ann", "user", "2024-01-10 00:00:00.1", 2),
        Owner("github:hops:core", "team", "2025-01-01 00:00:00", 1),
        Owner("mallory", "user", "2026-11-18 00:00:00.1", 1),
    )
    assert found.publications == (Publication("0.1.0", "ann"), Publication("0.2.0", "mallory"))
    assert names.record("nobody") is None
    names.close()
    assert [one.name for one in tmp_path.iterdir()] == ["d"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no archive",
        pack()[:-40],
        pack({key: text for key, text in TABLES.items() if key != "users"}),
        pack(TABLES | {"crates": "id,name\n1,x\n"}),
        pack(TABLES | {"users": TABLES["users"] + ',"torn\n'}),
        pack(meta="{}"),
    ],
)
def test_what_is_no_whole_dump_leaves_the_old_one(tmp_path: Path, data: bytes) -> None:
    read_dump(io.BytesIO(pack()), tmp_path / "d")
    with pytest.raises(RegistryUnreachable):
        read_dump(io.BytesIO(data), tmp_path / "d")
    names = NameStore(tmp_path / "d")
    assert names.record("bilby") is not None
    names.close()
    assert [one.name for one in tmp_path.iterdir()] == ["d"]


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "d").write_bytes(b"x" * 100)
    with pytest.raises(UsageError, match="no dump"):
        NameStore(tmp_path / "d")


def test_a_dump_is_fetched_and_never_goes_backwards(
    server: SparseServer, settings: Settings, tmp_path: Path
) -> None:
    own = replace(settings, data_dir=tmp_path / "data")
    server.files["/dump.tar.gz"] = pack()
    assert DumpUpdate(own).run(f"{server.url}dump.tar.gz").startswith("2026-11-25")
    older = pack(meta=META.replace("2026", "2025"))
    (tmp_path / "older").write_bytes(older)
    with pytest.raises(RegistryUnreachable, match="older"):
        DumpUpdate(own).run(str(tmp_path / "older"))
    names = open_names(own.data_dir)
    assert names is not None
    assert names.as_of.startswith("2026")
    names.close()
    assert DumpUpdate(own, allows_older=True).run(str(tmp_path / "older")).startswith("2025")
    with pytest.raises(RegistryUnreachable, match="404"):
        DumpUpdate(own).run(f"{server.url}none")
    with pytest.raises(RegistryUnreachable, match="offline"):
        DumpUpdate(replace(own, is_offline=True)).run(f"{server.url}dump.tar.gz")
    with pytest.raises(UsageError):
        DumpUpdate(own).run(str(tmp_path / "absent"))
