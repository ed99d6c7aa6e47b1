"""What structs and variants hold is known where they are used: in loops, methods and patterns."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.model import Fact, FactKind

FactsOf = Callable[..., list[Fact]]
T = "pub struct T { pub path: &'static str, pub text: &'static str }"
E = "pub enum E { Read(&'static str), Write { path: &'static str, text: &'static str }, Stop }"

TABLES = {
    "a table of structs": f"""{T}
        const ALL: &[T] = &[T {{ path: "/a", text: "x" }}, T {{ path: "/b", text: "y" }}];
        pub fn f() {{ for each in ALL {{ std::fs::write(each.path, each.text).ok(); }} }}""",
    "taken apart": f"""{T}
        static ALL: [T; 2] = [T {{ path: "/a", text: "x" }}, T {{ path: "/b", text: "y" }}];
        pub fn f() {{ for T {{ path, text }} in ALL.iter() {{ std::fs::write(path, text).ok(); }} }}""",
    "taken apart under another name": f"""{T}
        pub fn f() {{
            for T {{ path: to, text: what }} in [T {{ path: "/a", text: "x" }}, T {{ path: "/b", text: "y" }}] {{
                std::fs::write(to, what).ok();
            }} }}""",
    "in a closure": f"""{T}
        pub fn f() {{
            [T {{ path: "/a", text: "x" }}, T {{ path: "/b", text: "y" }}]
                .iter().for_each(|one| {{ std::fs::write(one.path, one.text).ok(); }}); }}""",
    "tuple structs": """
        pub struct T(&'static str, &'static str);
        pub fn f() { for one in [T("/a", "x"), T("/b", "y")] { std::fs::write(one.0, one.1).ok(); } }""",
    "by a method": f"""{T}
        impl T {{ fn put(&self) {{ std::fs::write(self.path, self.text).ok(); }} }}
        pub fn f() {{ for one in [T {{ path: "/a", text: "x" }}, T {{ path: "/b", text: "y" }}] {{ one.put(); }} }}""",
    "by a method that asks another": f"""{T}
        impl T {{
            fn place(&self) -> String {{ format!("{{}}", self.path) }}
            fn put(&self) {{ std::fs::write(self.place(), self.text).ok(); }}
        }}
        pub fn f() {{ for one in [T {{ path: "/a", text: "x" }}, T {{ path: "/b", text: "y" }}] {{ one.put(); }} }}""",
}


@pytest.mark.parametrize("code", TABLES.values(), ids=TABLES)
def test_each_row_of_a_table_is_known(code: str, facts_of: FactsOf) -> None:
    rows = [one for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.FILE_WRITE]
    assert {(one.subject, one.data) for one in rows} >= {("/a", ("x",)), ("/b", ("y",))}


VARIANTS = {
    "by a method": f"""{E}
        impl E {{ fn run(&self) {{ match self {{
            E::Read(path) => {{ std::fs::read(path).ok(); }}
            E::Write {{ path, text }} => {{ std::fs::write(path, text).ok(); }}
            E::Stop => {{}} }} }} }}
        pub fn f() {{ for e in [E::Read("/a"), E::Write {{ path: "/b", text: "y" }}] {{ e.run(); }} }}""",
    "by a pair that a method makes": f"""{E}
        impl E {{
            fn places(&self) -> (&str, &str) {{ match self {{
                E::Read(path) => (path, "/none"), E::Write {{ path, .. }} => ("/a", path), E::Stop => ("", "") }} }}
            fn run(&self) {{ let (from, to) = self.places(); std::fs::copy(from, to).ok(); }}
        }}
        pub fn f() {{ E::Read("/a").run(); E::Write {{ path: "/b", text: "y" }}.run(); }}""",
    "handed to a function": f"""{E}
        fn run(e: E) {{
            if let E::Read(path) = e {{ std::fs::read(path).ok(); }}
            else if let E::Write {{ path, text }} = e {{ std::fs::write(path, text).ok(); }}
        }}
        pub fn f() {{ run(E::Read("/a")); run(E::Write {{ path: "/b", text: "y" }}); }}""",
}


@pytest.mark.parametrize("code", VARIANTS.values(), ids=VARIANTS)
def test_what_a_variant_holds_is_known(code: str, facts_of: FactsOf) -> None:
    facts = facts_of(code, "src/lib.rs")
    assert "/a" in {one.subject for one in facts if one.kind is FactKind.FILE_READ}
    assert "/b" in {one.subject for one in facts if one.kind is FactKind.FILE_WRITE}


def test_a_struct_is_no_text(facts_of: FactsOf) -> None:
    code = """
        pub struct Place { name: &'static str }
        impl Place { fn join(&self, more: &str) -> String { format!("/other/{more}") } }
        pub fn f() { let p = Place { name: "/a" }; std::fs::read(p.join("b")).ok(); std::fs::read(p).ok(); }"""
    facts = [one for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.FILE_READ]
    assert {one.subject for one in facts} == {"/other/b", "unknown"}


def test_an_own_iterator_still_runs(facts_of: FactsOf) -> None:
    code = """
        struct Down { left: Vec<u8> }
        impl Iterator for Down {
            type Item = char;
            fn next(&mut self) -> Option<char> { self.left.pop().map(|one| (one - 1) as char) }
        }
        pub fn f() { std::fs::read(Down { left: vec![100, 99, 98, 48] }.collect::<String>()).ok(); }"""
    facts = [one for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.FILE_READ]
    assert [one.subject for one in facts] == ["/abc"]


def test_a_list_that_is_gathered_stays_a_list(facts_of: FactsOf) -> None:
    code = """
        pub fn f() {
            let words: Vec<String> = ["curl", "https://a.invalid/x"].iter().map(|w| w.to_string()).collect();
            std::process::Command::new(&words[0]).args(&words[1..]).spawn().ok();
        }"""
    facts = [one for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.PROCESS_SPAWN]
    assert [one.subject for one in facts] == ["curl"]
