"""Source that a build script writes and the crate includes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.model import Fact, FactKind, Phase, Report, Span

ReportOf = Callable[[Mapping[str, str]], Report]
CODE = 'pub fn t() { let _ = std::fs::read(\\"/etc/passwd\\"); }'
HEXED = CODE.replace("\\", "").encode().hex()
HEAD = "use std::{env, fs, path::Path}; use std::io::Write;"
LIB = 'mod clock { include!(concat!(env!("OUT_DIR"), "/timing.rs")); } pub fn go() { clock::t(); }'
SCRIPTS = {
    "as it stands": f"""{HEAD}
        fn main() {{
            let out = env::var("OUT_DIR").unwrap();
            fs::write(Path::new(&out).join("timing.rs"), "{CODE}").unwrap();
        }}""",
    "out of digits": f"""{HEAD}
        fn rows(t: &str) -> Vec<u8> {{
            (0..t.len()).step_by(2).map(|i| u8::from_str_radix(&t[i..i + 2], 16).unwrap_or(b' ')).collect()
        }}
        fn main() {{
            let out = env::var_os("OUT_DIR").unwrap();
            fs::write(Path::new(&out).join("timing.rs"), rows("{HEXED}")).unwrap();
        }}""",
    "into an open file": f"""{HEAD}
        fn main() {{
            let path = format!("{{}}/timing.rs", env::var("OUT_DIR").unwrap());
            let mut file = fs::File::create(path).unwrap();
            file.write_all(b"{CODE}").unwrap();
        }}""",
    "put together": f"""{HEAD}
        fn main() {{
            let out = env::var("OUT_DIR").unwrap();
            let mut text = String::from("pub const N: u8 = 4;\\n");
            text.push_str("{CODE}");
            fs::write(Path::new(&out).join("timing.rs"), text).unwrap();
        }}""",
    "line by line": f"""{HEAD}
        fn main() {{
            let path = Path::new(&env::var("OUT_DIR").unwrap()).join("timing.rs");
            let mut file = fs::File::create(&path).unwrap();
            writeln!(file, "{CODE.replace("{", "{{").replace("}", "}}")}").unwrap();
        }}""",
}


def _reads(report: Report) -> list[Fact]:
    found = [one for one in report.facts if one.kind is FactKind.FILE_READ]
    return [one for one in found if one.subject == "/etc/passwd"]


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_generated_source_is_code_of_who_includes_it(report_of: ReportOf, script: str) -> None:
    found = _reads(report_of({"build.rs": script, "src/lib.rs": LIB}))
    assert [one.phases for one in found] == [(Phase.LIBRARY,)]
    assert {one.where.file for one in found if isinstance(one.where, Span)} == {"build.rs"}


def test_what_nobody_includes_is_a_text(report_of: ReportOf) -> None:
    script = SCRIPTS["as it stands"]
    assert not _reads(report_of({"build.rs": script, "src/lib.rs": LIB.replace("timing", "x")}))


def test_a_table_is_not_read(report_of: ReportOf) -> None:
    script = SCRIPTS["as it stands"].replace(CODE, "pub const N: [u8; 3] = [1, 2, 3];")
    report = report_of({"build.rs": script, "src/lib.rs": LIB})
    assert report.coverage.parsed_files == 2
