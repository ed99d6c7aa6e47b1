"""The machine that a build believes to be on: two containers, a home, and what is run in it."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sandbox.bait import Bait, Decoy
from sandbox.engine import Boxes, Room, Session, lines_of
from sandbox.errors import SandboxError
from sandbox.guest.sinkhole.seed import Seed
from sandbox.image import Image
from sandbox.lineage import Places
from sandbox.network import METADATA
from sandbox.packing import Packing
from sandbox.toolchain import Toolchain

if TYPE_CHECKING:
    from docker.client import DockerClient

USER = 21_007
"""Nobody of the host's: processes of one number share limits with the host's."""
_READY_S, _MARGIN_S = 30, 60
_TRACE_ROOM_BYTES = 48 << 20
_IDLE_S = 12.0
"""Longer than the sinkhole's own silences, shorter than what a payload waits to be forgotten."""
_FILES_ROOM_BYTES, _FILE_BYTES = 48 << 20, 12 << 20
_QUIET = ("/usr/", "/lib/", "/lib64/", "/etc/ld.so", "/sys/", "/proc/sys/", "/dev/")
_SINK_LINES_MAX = 200_000
_LIBRARIES = "/usr/lib/x86_64-linux-gnu"


@dataclass(slots=True)
class Recording:
    """What came of one stage. `outputs`: what it printed; `files`: what it left, by path."""

    name: str
    mode: str
    told: dict[str, Any]
    trace: list[bytes] = field(default_factory=list)
    output: bytearray = field(default_factory=bytearray)
    events: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    network: list[bytes] = field(default_factory=list)

    @property
    def took_s(self) -> float:
        """How long it ran."""
        return float(self.told["took_ms"]) / 1000

    @property
    def first_error(self) -> str:
        """The first line that says what went wrong, else the first there is."""
        lines = bytes(self.output).decode("utf-8", "replace").strip().splitlines()
        errors = [one for one in lines if one.startswith("error")]
        return ((errors or lines or ["no word"])[0])[:200]

    def keep(self, folder: Path) -> None:
        """Write it all, as it came, to files named after the stage. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        stem = re.sub(r"[^\w.-]", "-", self.name)[:60]
        (folder / f"{stem}.strace").write_bytes(b"".join(self.trace))
        (folder / f"{stem}.log").write_bytes(self.output)
        (folder / f"{stem}.network.jsonl").write_bytes(b"\n".join(self.network))


@dataclass(frozen=True, slots=True)
class Watching:
    """How a stage is watched."""

    is_traced: bool = True
    skips_sleep: bool = False
    shows_getenv: bool = False
    is_patient: bool = False
    is_later: bool = False
    """Thirteen months ahead of the real time, for what asks libc."""

    @property
    def words(self) -> str:
        """For people."""
        words = ["traced" if self.is_traced else "watched from outside"]
        words += ["sleeps skipped"] if self.skips_sleep else []
        words += ["variables shown"] if self.shows_getenv else []
        words += ["however long it waits"] if self.is_patient else []
        words += ["thirteen months later"] if self.is_later else []
        return ", ".join(words)


class Machine:
    """Use it in a `with`: leaving it removes all that was made, whatever happened."""

    def __init__(
        self,
        client: DockerClient,
        image: Image,
        toolchain: Toolchain,
        bait: Bait,
        room: Room,
        tell: Callable[[str], None],
    ) -> None:
        self._client, self._image, self._toolchain = client, image, toolchain
        self._tell = tell
        self.bait = bait
        persona = bait.persona
        home = f"/home/{persona.user}"
        project = f"{home}/work/{persona.project}"
        name = toolchain.root.name
        inside = "/usr/local/rustup/toolchains/" + name
        self.places = Places(home, project, f"{project}/target", inside)
        self._mounts = {} if image.has_toolchain else {inside: str(toolchain.root)}
        self._boxes = Boxes(client)
        self._room = room
        self._lines: list[bytes] = []
        self._lock = threading.Lock()
        self._recording = Recording("", "", {})
        self.authority = ""
        self.handed_out: tuple[Decoy, ...] = ()
        self.refuses = False

    def __enter__(self) -> Machine:
        self._boxes.__enter__()
        try:
            self._start()
        except BaseException:
            self._boxes.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._session.end()
        self._boxes.__exit__(kind, error, at)

    # Start ----------------------------------------------------------------------------------------

    def _start(self) -> None:
        persona = self.bait.persona
        seed = Seed(secrets.token_hex(16))
        self.handed_out = tuple(
            Decoy(f"metadata-{name}", METADATA, seed.values()[name].encode())
            for name in ("key_id", "secret", "session")
        )
        argv = ["net", "--seed", seed.text]
        self._sink = self._boxes.sinkhole(self._image.tag, argv, persona.host_name)
        lines = lines_of(self._sink, self._client)
        ready = threading.Event()
        threading.Thread(target=self._listen, args=(lines, ready), daemon=True).start()
        self._sink.start()
        if not ready.wait(_READY_S):
            raise SandboxError("the sinkhole did not start: " + self._last_words())
        self.container = self._boxes.build(
            self._image.tag, self._sink, self.places.home, self._room, self._mounts
        )
        self._session = self._boxes.session(self.container)
        self._hear(self._session)
        line = f"{persona.user}:x:{USER}:{USER}:{persona.full_name}:{self.places.home}:/bin/bash"
        self.ask(
            {
                "do": "settle",
                "user": USER,
                "passwd": line,
                "group": f"{persona.user}:x:{USER}:",
                "authority": self.authority,
            }
        )

    def _listen(self, lines: Iterable[bytes], ready: threading.Event) -> None:
        for line in lines:
            if not ready.is_set():
                try:
                    told = json.loads(line)
                    self.authority = str(told["ca"])
                except (ValueError, KeyError, TypeError):
                    self._lines.append(line)
                    continue
                ready.set()
                continue
            with self._lock:
                if len(self._lines) < _SINK_LINES_MAX:
                    self._lines.append(line)

    def _last_words(self) -> str:
        with self._lock:
            return b" ".join(self._lines[-3:]).decode("utf-8", "replace")[:300]

    def _hear(self, session: Session) -> None:
        session.on_trace = self._traced
        session.on_output = self._output
        session.on_event = self._event
        session.on_file = self._file

    def _traced(self, data: bytes) -> None:
        self._recording.trace.append(data)

    def _output(self, data: bytes) -> None:
        self._recording.output += data
        for line in data.splitlines():
            if line.lstrip().startswith((b"Compiling", b"Running", b"Doc-tests")):
                self._tell(line.strip().decode("utf-8", "replace")[:80])

    def _event(self, data: bytes) -> None:
        if len(self._recording.events) < 5_000:
            told = json.loads(data)
            if isinstance(told, dict):
                self._recording.events.append(told)

    def _file(self, data: bytes) -> None:
        path, _, content = data.partition(b"\0")
        self._recording.files[path.decode("utf-8", "backslashreplace")] = content

    # Orders ---------------------------------------------------------------------------------------

    def ask(self, order: dict[str, object], body: bytes = b"", *, timeout_s: float = 120) -> Any:
        """An order to the supervisor. Raises SandboxError."""
        return self._session.call(order, body, timeout_s=timeout_s)

    def refuse(self, *, refuses: bool) -> None:
        """Let the network refuse everything, or answer again."""
        if refuses != self.refuses:
            self._sink.kill(signal="SIGUSR1" if refuses else "SIGUSR2")
            self.refuses = refuses

    def packing(self, now_s: float) -> Packing:
        """An empty parcel of the user's files."""
        return Packing(USER, now_s)

    def plant(self, bait: Bait, now_s: float, *, has_history: bool) -> None:
        """Put the bait where thieves look; the same places again are overwritten."""
        self.bait = bait
        if has_history:
            self._history(bait, now_s)
        packing = self.packing(now_s)
        for one in bait.files:
            packing.add(self.path_of(one.path), one.data, mode=one.mode, age_s=one.age_s)
        self.ask({"do": "unpack"}, packing.done())

    def _history(self, bait: Bait, now_s: float) -> None:
        """The parent project's commits, made by git as its user, at their times."""
        persona, project = bait.persona, self.places.project
        packing = self.packing(now_s)
        script = [f"cd {project} && git init -q -b main ."]
        variables: dict[str, str] = {"NAME": persona.full_name, "MAIL": persona.mail}
        script.append('git config user.name "$NAME" && git config user.email "$MAIL"')
        for number, commit in enumerate(bait.commits):
            staged = f"/tmp/{number}"  # noqa: S108  # inside the container
            for one in commit.files:
                path = self.path_of(one.path)
                packing.add(staged + path, one.data, mode=one.mode, age_s=one.age_s)
            packing.add(f"{staged}{project}/.gitignore", b"/target\n.env\n", age_s=commit.age_s)
            variables[f"M{number}"] = commit.message
            date = f"{int(now_s - commit.age_s)} +0000"
            dates = f"GIT_AUTHOR_DATE='{date}' GIT_COMMITTER_DATE='{date}'"
            script.append(f"cp -a {staged}/. / 2>/dev/null; rm -rf {staged}; git add -A .")
            script.append(f'{dates} git commit -q -m "$M{number}"')
        packing.add(f"{project}/.gitignore", b"/target\n.env\n")
        self.ask({"do": "unpack"}, packing.done())
        shell = ["sh", "-c", "\n".join(script)]
        self.run("history", shell, Watching(is_traced=False), cwd="/", more=variables)

    def path_of(self, path: str) -> str:
        """Where a path of the bait is in the container."""
        places = self.places
        if path == "{project}":
            return places.project
        for word, folder in (
            ("~/", f"{places.home}/"),
            ("{project}/", f"{places.project}/"),
            ("{parent}/", f"{places.project.rpartition('/')[0]}/"),
        ):
            if path.startswith(word):
                return folder + path.removeprefix(word)
        return path

    def environment(self, more: dict[str, str]) -> dict[str, str]:
        """What the payload finds in its environment."""
        persona, places = self.bait.persona, self.places
        planted = {name: self.path_of(value) for name, value in self.bait.environment}
        return {
            **planted,
            "PATH": f"{places.toolchain}/bin:/usr/local/bin:/usr/bin:/bin",
            "HOME": places.home,
            "USER": persona.user,
            "LOGNAME": persona.user,
            "SHELL": "/bin/bash",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            **more,
        }

    def run(
        self,
        name: str,
        argv: list[str],
        watching: Watching,
        *,
        cwd: str = "",
        timeout_s: float = 60,
        more: dict[str, str] | None = None,
    ) -> Recording:
        """Run one program to its end and give what was recorded. Raises SandboxError."""
        answers = "network refuses" if self.refuses else "network answers"
        self._recording = recording = Recording(name, f"{watching.words}, {answers}", {})
        with self._lock:
            begin = len(self._lines)
        extra = dict(more or {})
        shims = [(watching.shows_getenv, "common"), (watching.is_later, "daemon")]
        if loaded := [f"{_LIBRARIES}/libgvfs{name}.so.0" for is_wanted, name in shims if is_wanted]:
            extra["LD_PRELOAD"] = ":".join(loaded)
        decoys = sorted(
            {self.path_of(one.place) for one in self.bait.decoys if not one.is_variable}
        )
        recording.told = self.ask(
            {
                "do": "run",
                "stage": name,
                "argv": argv,
                "cwd": cwd or self.places.project,
                "environment": self.environment(extra),
                "user": USER,
                "timeout_s": timeout_s,
                "is_traced": watching.is_traced,
                "skips_sleep": watching.skips_sleep,
                "quiet": [*_QUIET, *(f"{one}/" for one in self.places.built)],
                "watched": decoys,
                "trace_room_bytes": _TRACE_ROOM_BYTES,
                "idle_s": 0 if watching.is_patient else _IDLE_S,
            },
            timeout_s=timeout_s + _MARGIN_S,
        )
        with self._lock:
            recording.network = self._lines[begin:]
        return recording

    def collect(
        self, recording: Recording, roots: list[str], without: list[str], *, ending: str = ""
    ) -> None:
        """Fetch what changed below `roots` since the stage began, if its name ends so."""
        self._recording = recording
        told = self.ask(
            {
                "do": "collect",
                "roots": roots,
                "without": without,
                "endings": [ending],
                "since": recording.told["began_ms"] / 1000 - 0.01,
                "room_bytes": _FILES_ROOM_BYTES,
                "file_bytes": _FILE_BYTES,
            }
        )
        recording.told["unsent"] = recording.told.get("unsent", 0) + told["unsent"]
