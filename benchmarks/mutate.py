"""Does a verdict hold for a payload in other dress: `python benchmarks/mutate.py [--save]`.

Each hostile fixture that is found is changed in five ways, with a fixed seed: own names and files
renamed; hosts and addresses replaced; 3,000 benign lines added; the payload moved three modules
deeper; one text constant encoded. Every mutant must still parse.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import tree_sitter
import tree_sitter_rust
from fixtures import Fixture, load, packed
from shares import share

from analyzer.pipeline import analyze
from analyzer.rules.ruleset import load_ruleset

RESULTS = Path(__file__).parent / "results"
PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language()))
Files = dict[str, bytes]
_OWN = re.compile(
    rb"\b(?:fn|struct|const|static|macro_rules!|let(?: mut)?)\s+([a-z_]\w{2,}|[A-Z]\w{2,})"
)
_KEPT = frozenset(
    "main drop default from fmt from_str deref self Self crate super std new next write flush read"
    " poll call handle alloc dealloc layer visit serialize deserialize hash eq cmp Some Ok"
    " Err".split()
)
"""Words that must stay: the language's, and methods of foreign traits."""
_HOST = re.compile(rb"\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.invalid\b")
_ADDRESS = re.compile(rb"\b(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}\b")
_TEXT = re.compile(rb'(?<![brc#])"((?:https?://)?[a-z0-9./_~-]{6,60})"')


def renamed(files: Files, seed: random.Random) -> Files:
    """Own functions, types, constants and locals under other names, wherever they stand."""
    rust = [path for path in files if path.endswith(".rs")]
    code = b"\n".join(files[path] for path in rust)
    names = {one for path in rust for one in _OWN.findall(files[path])}
    names -= {one.encode() for one in _KEPT}
    found = dict(files)
    for number, name in enumerate(sorted(one for one in names if _is_free(code, one))):
        new = b"q%d%b" % (number + seed.randrange(100), name[:1].lower())
        new = new.upper() if name.isupper() else new.capitalize() if name[:1].isupper() else new
        for path in rust:
            found[path] = re.sub(rb"(?<![.\w'])%b\b" % name, new, found[path])
    return found


def _is_free(code: bytes, name: bytes) -> bool:
    """Whether a name means the crate's own everywhere: no text, method, module, macro or `use` of
    another crate says it, and every path to it begins in the crate.
    """
    word = re.escape(name)
    texts = b" ".join(re.findall(rb'"[^"]*"', code))
    if re.search(rb"\b%b\b" % word, texts) or re.search(rb"\.\s*%b\b" % word, code):
        return False
    own = set(re.findall(rb"\b(?:mod|struct|enum|union|trait|type)\s+(\w+)", code))
    own |= {b"crate", b"self", b"super", b"Self"}
    if name in re.findall(rb"\bmod\s+(\w+)", code) or re.search(rb"\b%b!" % word, code):
        return False
    if name not in own and re.search(rb"(?<!:)\b%b\s*::" % word, code):
        return False
    if any(one not in own for one in re.findall(rb"(\w+)(?:<[^>]*>)?\s*::\s*%b\b" % word, code)):
        return False
    return not any(
        re.search(rb"\b%b\b" % word, use) and re.match(rb"\w+", use)[0] not in own
        for use in re.findall(rb"\buse\s+([\w:][^;]*);", code)
    )


def rehosted(files: Files, seed: random.Random) -> Files:
    """Other hosts and documentation addresses, of ordinary look."""
    words = ["api", "cdn", "files", "status", "docs"]
    host = f"{seed.choice(words)}.project-{seed.randrange(90) + 10}.invalid".encode()
    address = f"198.51.100.{seed.randrange(200) + 10}".encode()
    return {path: _ADDRESS.sub(address, _HOST.sub(host, data)) for path, data in files.items()}


def padded(files: Files, seed: random.Random) -> Files:
    """3,000 benign lines, half of them in the payload's own file."""
    functions = []
    for number in range(375):
        a, b = seed.randrange(1, 90), seed.randrange(1, 90)
        functions.append(
            f"/// Step {number}.\npub fn step_{number}(value: u64) -> u64 {{\n"
            f"    let first = value.wrapping_mul({a});\n"
            f"    let second = first.rotate_left({b % 63});\n"
            f"    if second % 3 == 0 {{\n        return second;\n    }}\n    second ^ {b}\n}}\n"
        )
    half = len(functions) // 2
    found = dict(files)
    main = next((one for one in ("build.rs", "src/lib.rs", "src/main.rs") if one in files), None)
    if main is not None:
        found[main] = files[main] + b"\n" + "".join(functions[:half]).encode()
        found["src/steps.rs"] = "".join(functions[half:]).encode()
        if "src/lib.rs" in found:
            found["src/lib.rs"] += b"\npub mod steps;\n"
    return found


def deepened(files: Files, _: random.Random) -> Files:
    """The build script's work three modules deeper, called through re-exports."""
    path = "build.rs"
    if path not in files or b"fn main()" not in files[path] or b"mod " in files[path]:
        return files
    body = files[path].replace(b"fn main()", b"pub fn work()", 1)
    found = dict(files)
    found[path] = b"mod a;\nuse a::*;\n\nfn main() {\n    work();\n}\n"
    found["a/mod.rs"] = b"mod b;\npub use b::work;\n"
    found["a/b/mod.rs"] = b"mod c;\npub(crate) use self::c::*;\n"
    found["a/b/c.rs"] = body
    return found


def encoded(files: Files, seed: random.Random) -> Files:
    """One text constant as bytes that are put together when it is needed."""
    for path in sorted(files, key=lambda one: (one != "build.rs", one)):
        found = [one for one in _TEXT.finditer(files[path]) if path.endswith(".rs")]
        found = [one for one in found if b"const " not in _line(files[path], one.start())]
        found = [one for one in found if b"!(" not in _line(files[path], one.start())]
        found = [one for one in found if b"#[" not in _line(files[path], one.start())]
        if not found:
            continue
        one = seed.choice(found)
        numbers = ", ".join(str(byte) for byte in one[1])
        text = f"std::str::from_utf8(&[{numbers}]).unwrap()".encode()
        data = files[path]
        return {**files, path: data[: one.start()] + text + data[one.end() :]}
    return files


def _line(data: bytes, at: int) -> bytes:
    return data[data.rfind(b"\n", 0, at) + 1 : data.find(b"\n", at)]


MUTATIONS: Mapping[str, Callable[[Files, random.Random], Files]] = {
    "own names renamed": renamed,
    "hosts replaced": rehosted,
    "3,000 lines added": padded,
    "three modules deeper": deepened,
    "one text encoded": encoded,
}


def parses(files: Files) -> bool:
    """Whether no Rust of the mutant has a syntax error."""
    return not any(
        PARSER.parse(data).root_node.has_error
        for path, data in files.items()
        if path.endswith(".rs")
    )


def main() -> None:
    """Print how many verdicts hold, and which do not."""
    ruleset = load_ruleset()
    rank = ["CLEAR", "INCOMPLETE", "REVIEW", "BLOCK"]
    lines, lost = [], []
    fixtures = [one for one in load() if one.is_hostile]
    before = {one.id: str(analyze(one.source(), ruleset=ruleset).verdict) for one in fixtures}
    for name, mutation in MUTATIONS.items():
        held = total = 0
        for one in fixtures:
            files = mutation(dict(one.files), random.Random(one.id))  # no secret
            if files == one.files or before[one.id] == "CLEAR" or not parses(files):
                continue
            after = _verdict(one, files, ruleset)
            total += 1
            held += rank.index(after) >= rank.index(before[one.id])
            if rank.index(after) < rank.index(before[one.id]) and not one.is_held_out:
                lost.append(f"{name}: {one.id} {before[one.id]} -> {after}")
        lines.append(f"{name:22} verdict held {share(held, total)}")
    print("\n".join([*lines, "", "lost (of the part that may be looked at):", *lost]))
    if "--save" in sys.argv:
        RESULTS.mkdir(exist_ok=True)
        text = "\n".join([*lines, "", *lost])
        (RESULTS / "mutate.md").write_text(f"# Verdicts of mutants\n\n```\n{text}\n```\n")


def _verdict(fixture: Fixture, files: Files, ruleset: object) -> str:
    return str(analyze(packed(fixture.crate, files), ruleset=ruleset).verdict)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
