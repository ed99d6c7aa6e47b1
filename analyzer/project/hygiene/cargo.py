"""What a command does, as far as cargo, downloads and `.env` files are concerned."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from analyzer.addresses import host_of
from analyzer.project.hygiene.calls import Call
from analyzer.project.hygiene.table import Knowledge

_VALUED = frozenset({"--manifest-path", "-C", "--config", "-Z", "--color", "--target-dir"})
_ENV_FILE = re.compile(r"(?:.*[/=@])?\.env(?:\.([\w-]+))*")
_ENV_READERS = frozenset({".", "source", "cat", "export", "grep", "xargs", "dotenv", "cp", "set"})
_MAX_ALIASES = 4


@dataclass(frozen=True, slots=True)
class CargoCall:
    """A command of cargo: sub-command (aliases worked out), words, and the lock."""

    call: Call
    verb: str
    words: tuple[str, ...]
    is_compiling: bool
    is_locking: bool
    is_locked: bool


def cargo_call(
    call: Call, aliases: Mapping[str, tuple[str, ...]], knowledge: Knowledge
) -> CargoCall | None:
    """What cargo is asked to do, or None if this is no call of cargo."""
    if call.program.removesuffix(".exe") not in knowledge.words["cargo"]:
        return None
    words = [one for one in call.words[1:] if not one.startswith("+")]
    before = [one for one in words if one in ("--locked", "--frozen")]
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] in _VALUED else words[1:]
    for _ in range(_MAX_ALIASES):
        if not words or words[0] not in aliases:
            break
        words = [*aliases[words[0]], *words[1:]]
    if not words:
        return None
    verb = knowledge.aliases.get(words[0], words[0])
    own = words[: words.index("--")] if "--" in words else words
    is_help = bool({"--help", "-h", "--dry-run", "--list"} & set(own))
    return CargoCall(
        call=call,
        verb=verb,
        words=tuple(own[1:]),
        is_compiling=verb in knowledge.words["compiling"] and not is_help,
        is_locking=verb in knowledge.words["locking"] and not is_help,
        is_locked=bool(before) or any(one in ("--locked", "--frozen") for one in own),
    )


_INSTALL_VALUED = frozenset(
    "--version --vers --git --branch --tag --rev --path --root --index --registry --features -F "
    "--profile --target --target-dir --bin --example -j --jobs --config -Z --color".split()
)


def installed(one: CargoCall) -> tuple[str, ...] | None:
    """Names that `cargo install` takes from a registry in whatever version; None if it is own code
    (`--path`) or an exact commit.
    """
    names: list[str] = []
    words = list(one.words)
    options: set[str] = set()
    while words:
        word = words.pop(0)
        name, _, value = word.partition("=")
        if not word.startswith("-"):
            names.append(word)
            continue
        options.add(name)
        if name in _INSTALL_VALUED and not value and words:
            words.pop(0)
    if "--path" in options or "--rev" in options or one.call.is_open:
        return None
    if "--git" in options:
        return ("a git repository",)
    has_version = options & {"--version", "--vers"}
    return () if has_version else tuple(name for name in names if "@" not in name)


def is_run_after_download(first: Call, second: Call, knowledge: Knowledge) -> bool:
    """`curl ... | sh`, also with options; a shell that is given a file of its own is none."""
    words = [one for one in second.words[1:] if not one.startswith("-")]
    has_script = bool(words) and "-s" not in second.words and "{}" not in words[0]
    is_download = first.program.casefold() in knowledge.words["downloads"]
    is_shell = second.program in knowledge.words["shells"] or second.program.casefold() == "iex"
    is_saved = bool(first.targets) or bool({"-o", "-O", "--output"} & set(first.words))
    return is_download and is_shell and not has_script and not is_saved


def is_toolchain(call: Call, knowledge: Knowledge) -> bool:
    """Whether a download is of the language's own installer."""
    hosts = (host_of(one) for one in call.words if "." in one and not one.startswith("-"))
    return any(one in knowledge.words["toolchain-hosts"] for one in hosts)


def env_file(call: Call, knowledge: Knowledge) -> str:
    """The `.env` file that a command reads or writes, or nothing."""
    for word in (*call.words[1:], *call.targets):
        found = _ENV_FILE.fullmatch(word[:300])
        is_meant = call.program in _ENV_READERS or word in call.targets or "=" in word
        previous = call.words[call.words.index(word) - 1] if word in call.words else ""
        if found is None or not (is_meant or previous == "--env-file"):
            continue
        if found[1] not in knowledge.words["env-samples"]:
            return word
    return ""
