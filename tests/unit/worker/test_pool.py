from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.errors import InternalError, SignatureError
from analyzer.limits import DEFAULT_LIMITS, MIB
from analyzer.model import Context, CrateSource, GapKind, Report, Verdict
from analyzer.worker import process
from analyzer.worker.launch import command
from analyzer.worker.pool import Pool

MakeCrate = Callable[..., CrateSource]
Double = Callable[..., tuple[str, ...]]

ENDLESS = "while True: pass"


def reason_of(report: Report) -> str:
    """Why a crate is INCOMPLETE because of its worker; anything else fails the test."""
    assert report.verdict is Verdict.INCOMPLETE
    (gap,) = report.gaps
    assert gap.kind is GapKind.WORKER
    assert gap.is_blocking
    assert gap.remedy
    return gap.reason


@pytest.fixture
def three(make_crate: MakeCrate) -> list[CrateSource]:
    return [make_crate(name) for name in ("good-one", "evil", "good-two")]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("signal.raise_signal(signal.SIGSEGV)", "crashed (SIGSEGV)"),
        ("signal.raise_signal(signal.SIGKILL)", "killed (SIGKILL)"),
        ("os.abort()", "crashed (SIGABRT)"),
        ("import ctypes; ctypes.string_at(0)", "crashed (SIGSEGV)"),
        ("os._exit(3)", "ended with status 3"),
        ("os._exit(0)", "ended with status 0"),
        ("raise SystemExit", "ended with status 0"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("os.write(2, b'assertion failed\\n'); os.abort()", "(SIGABRT): assertion failed"),
        ("raise ValueError('odd\\nlines')", ": ValueError: odd"),
        ("1 / 0", "ZeroDivisionError"),
        ("misbehave(crate)", "RecursionError"),
        ("bytearray(1 << 40)", "more than 4096 MiB of memory"),
        ("open('/etc/passwd')", "PermissionError"),
        ("import xml.dom.minidom", "Error"),
        ("os.close(1); time.sleep(60)", "stopped answering"),
        ("os.close(0); os._exit(1)", "ended with status 1"),
        ("os.write(1, b'noise' * 20)", "nonsense (a message of"),
    ],
)
def test_trouble_of_one_crate_stays_with_that_crate(
    three: list[CrateSource],
    honest: Double,
    monkeypatch: pytest.MonkeyPatch,
    body: str,
    reason: str,
) -> None:
    monkeypatch.setattr(process, "_GRACE_S", 0.5)
    with Pool(worker_command=honest(body)) as pool:
        first, evil, last = pool.analyze_many(three)
    assert reason in reason_of(evil)
    assert [first.verdict, last.verdict] == [Verdict.CLEAR, Verdict.CLEAR]
    assert [one.crate.name for one in (first, evil, last)] == ["good-one", "evil", "good-two"]


def test_endless_loop_ends_by_processor_time(three: list[CrateSource], honest: Double) -> None:
    limits = replace(DEFAULT_LIMITS, worker_cpu_s=1)
    with Pool(2, limits, worker_command=honest(ENDLESS, limits)) as pool:
        first, evil, last = pool.analyze_many(three)
    assert reason_of(evil) == "it needs more than 1 s of processor time"
    assert first.verdict is last.verdict is Verdict.CLEAR


def test_processor_time_is_granted_anew_for_each_crate(
    make_crate: MakeCrate, honest: Double
) -> None:
    limits = replace(DEFAULT_LIMITS, worker_cpu_s=1)
    busy = "end = time.process_time() + 0.6\nwhile time.process_time() < end: pass"
    crates = [make_crate(f"evil-{number}") for number in range(5)]
    with Pool(1, limits, worker_command=honest(busy, limits)) as pool:
        reports = list(pool.analyze_many(crates))
    assert len({one.summary for one in reports}) == 1  # one process did all
    assert all(one.verdict is Verdict.CLEAR for one in reports)


def test_silent_worker_ends_by_wall_time(make_crate: MakeCrate, honest: Double) -> None:
    limits = replace(DEFAULT_LIMITS, worker_wall_s=3)
    with Pool(1, limits, worker_command=honest("time.sleep(600)")) as pool:
        evil, good = pool.analyze_many([make_crate("evil"), make_crate("good")])
    assert reason_of(evil) == "the worker gave no answer in 3 s"
    assert good.verdict is Verdict.CLEAR


def test_memory_limit_is_named(three: list[CrateSource], honest: Double) -> None:
    limits = replace(DEFAULT_LIMITS, worker_memory_bytes=600 * MIB)
    body = "kept = [bytes(1 << 20) for _ in range(2000)]"
    with Pool(1, limits, worker_command=honest(body, limits)) as pool:
        _, evil, _ = pool.analyze_many(three)
    assert reason_of(evil) == "it needs more than 600 MiB of memory"


def test_crate_that_only_fails_in_company_is_saved_by_its_second_try(
    make_crate: MakeCrate, honest: Double
) -> None:
    crates = [make_crate(f"evil-{number}") for number in range(4)]
    body = "served.append(crate)\nif len(served) == 2: os.abort()"
    with Pool(worker_command=honest(body)) as pool:
        reports = list(pool.analyze_many(crates))
    assert [one.verdict for one in reports] == [Verdict.CLEAR] * 4


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("frame('no json')", "nonsense (a message that is no JSON)"),
        ("frame('[' * 100000)", "nonsense (a message that is no JSON)"),
        ("frame('{\"facts\": [' + '[],' * 100000 + '[]]}')", "ended with status 0"),
        ("frame(b'\\x80\\x04N.')", "nonsense"),
        ("frame('{\"report\": {}}')", "nonsense (Report: keys differ"),
        ("answers.write(struct.pack('=Q', 2**63)); answers.flush()", "nonsense (a message of"),
        ("answers.write(b'abc'); answers.flush()", "ended with status 0"),
        ("answers.write(struct.pack('=Q', 100) + b'{'); answers.flush()", "ended with status 0"),
        ("while True: frame('{\"facts\": []}')", "nonsense (a message of"),
        ("while True: answers.write(b'z' * 65536)", "nonsense (a message of"),
        ("pass", "ended with status 0"),
        ("os.write(2, b'x' * 60000); os.kill(os.getpid(), signal.SIGBUS)", "crashed (SIGBUS)"),
        ('frame(\'{"failure": "no wish"}\')', "no wish"),
    ],
)
def test_worker_that_lies_costs_its_crate_the_verdict(
    make_crate: MakeCrate, liar: Double, body: str, reason: str
) -> None:
    limits = replace(DEFAULT_LIMITS, answer_size_bytes=MIB)
    with Pool(1, limits, worker_command=liar(body)) as pool:
        report = pool.analyze_one(make_crate("good", padding=MIB))  # more than a pipe holds
    assert reason in reason_of(report)


@pytest.mark.parametrize("field", ["name", "version", "sha256", "origin"])
def test_answer_for_another_crate_is_refused(
    make_crate: MakeCrate, liar: Double, field: str
) -> None:
    changed = {"name": "other", "version": "9.9.9", "sha256": "ff" * 32, "origin": "archive"}
    body = f"""
    import json
    from dataclasses import replace
    from analyzer.codec import to_plain
    from analyzer.limits import Limits
    from analyzer.worker.verdicts import unanswered
    crate, context = read_request(source)
    plain = to_plain(unanswered(crate, "", Limits()))
    plain["crate"]["{field}"] = "{changed[field]}"
    frame(json.dumps({{"report": plain}}))
    """
    with Pool(worker_command=liar(body)) as pool:
        report = pool.analyze_one(make_crate("good"))
    assert reason_of(report) == "the worker answered for another crate"


def test_answer_before_the_crate_was_read_is_refused(
    make_crate: MakeCrate, liar: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_GRACE_S", 0.5)
    crate = make_crate("good", padding=MIB)
    body = f"""
    import json
    from analyzer.codec import to_plain
    from analyzer.limits import Limits
    from analyzer.model import CrateRef, CrateSource, Origin
    from analyzer.worker.verdicts import unanswered
    crate = CrateSource(CrateRef("good", "0.1.0"), "{crate.sha256}", b"", Origin.CRATES_IO)
    frame(json.dumps({{"report": to_plain(unanswered(crate, "", Limits()))}}))
    time.sleep(60)
    """
    with Pool(worker_command=liar(body)) as pool:
        report = pool.analyze_one(crate)
    assert reason_of(report) == "the worker answered before it had read the crate"


def test_flood_of_complaints_blocks_nobody(three: list[CrateSource], honest: Double) -> None:
    body = """
    for _ in range(100):
        try:
            os.write(2, b"noise " * 10000)
        except BlockingIOError:
            pass
    """
    with Pool(worker_command=honest(body)) as pool:
        reports = list(pool.analyze_many(three))
    assert [one.verdict for one in reports] == [Verdict.CLEAR] * 3


def test_print_of_a_stray_line_does_not_break_an_answer(
    three: list[CrateSource], honest: Double
) -> None:
    with Pool(worker_command=honest("print('stray')")) as pool:
        reports = list(pool.analyze_many(three))
    assert [one.verdict for one in reports] == [Verdict.CLEAR] * 3


def test_reports_keep_the_order_of_crates_and_are_told_as_they_end(
    make_crate: MakeCrate, honest: Double
) -> None:
    crates = [make_crate(name) for name in ("evil-slow", "good-1", "good-2", "good-3")]
    told: list[str] = []
    with Pool(2, worker_command=honest("time.sleep(1)")) as pool:
        reports = list(pool.analyze_many(crates, on_done=lambda one: told.append(one.crate.name)))
    assert [one.crate.name for one in reports] == [one.ref.name for one in crates]
    assert sorted(told) == sorted(one.ref.name for one in crates)


def test_context_of_each_crate_reaches_its_analysis(make_crate: MakeCrate) -> None:
    crates = [make_crate("one"), make_crate("two")]
    with Pool() as pool:
        reports = pool.analyze_many(crates, lambda crate: Context(as_of=crate.ref.name))
        assert [one.provenance.as_of for one in reports] == ["one", "two"]


def test_crates_are_taken_as_they_are_needed(make_crate: MakeCrate, honest: Double) -> None:
    taken = 0

    def endless() -> Iterator[CrateSource]:
        nonlocal taken
        while True:
            taken += 1
            yield make_crate("evil")

    with Pool(2, worker_command=honest("time.sleep(0.05)")) as pool:
        reports = pool.analyze_many(endless())
        for done in range(1, 8):
            next(reports)
            assert taken <= done + 4


def test_error_of_the_crates_own_iterator_is_raised(make_crate: MakeCrate, honest: Double) -> None:
    def broken() -> Iterator[CrateSource]:
        yield make_crate("good")
        raise UnicodeError("torn")

    with Pool(worker_command=honest("pass")) as pool, pytest.raises(UnicodeError):
        list(pool.analyze_many(broken()))


def test_two_pools_at_once_do_not_disturb_each_other(
    three: list[CrateSource], honest: Double
) -> None:
    program = honest("os.abort()")
    with Pool(2, worker_command=program) as one, Pool(2, worker_command=program) as other:
        pairs = list(zip(one.analyze_many(three), other.analyze_many(three), strict=True))
    assert [left.verdict for left, _ in pairs] == [right.verdict for _, right in pairs]
    assert [left.crate for left, _ in pairs] == [right.crate for _, right in pairs]


def test_threads_may_share_a_pool(make_crate: MakeCrate, honest: Double) -> None:
    reports: list[Report] = []
    with Pool(2, worker_command=honest("pass")) as pool:

        def ask(name: str) -> None:
            reports.append(pool.analyze_one(make_crate(name)))

        threads = [threading.Thread(target=ask, args=(f"good-{n}",)) for n in range(6)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert sorted(one.crate.name for one in reports) == [f"good-{n}" for n in range(6)]


def test_worker_is_replaced_after_its_batch(
    make_crate: MakeCrate, honest: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analyzer.worker.pool._CRATES_PER_WORKER", 2)
    with Pool(worker_command=honest("pass")) as pool:
        crates = [make_crate(f"good-{number}") for number in range(5)]
        summaries = [one.summary for one in pool.analyze_many(crates)]  # each names its process
    assert len(set(summaries)) == 3
    assert summaries[0] == summaries[1] != summaries[2] == summaries[3] != summaries[4]


def test_leaving_the_pool_ends_workers_in_the_middle_of_a_crate(
    make_crate: MakeCrate, honest: Double
) -> None:
    start = time.monotonic()
    with Pool(2, worker_command=honest("time.sleep(600)")) as pool:
        pool._threads.submit(pool.analyze_one, make_crate("good")).result(timeout=60)
        reports = pool.analyze_many([make_crate("evil"), make_crate("good")])
        threading.Timer(1, pool.close).start()
        with pytest.raises(InternalError, match="closed"):
            list(reports)
    assert time.monotonic() - start < 60


def test_closed_pool_takes_no_crates(make_crate: MakeCrate, honest: Double) -> None:
    with Pool(worker_command=honest("pass")) as pool:
        pass
    with pytest.raises((InternalError, RuntimeError)):
        pool.analyze_one(make_crate("good"))


def test_worker_that_cannot_start_is_our_own_failure(make_crate: MakeCrate) -> None:
    with (
        Pool(worker_command=("/nowhere/python",)) as pool,
        pytest.raises(InternalError, match="no worker process can be started"),
    ):
        pool.analyze_one(make_crate("good"))


def test_worker_that_dies_before_it_is_ready_is_our_own_failure(make_crate: MakeCrate) -> None:
    with (
        Pool(worker_command=command("import nothing_of_that_name")) as pool,
        pytest.raises(InternalError, match=r"does not start.*nothing_of_that_name"),
    ):
        pool.analyze_one(make_crate("good"))


def test_rules_that_cannot_be_read_are_a_signature_error(
    make_crate: MakeCrate, tmp_path: Path
) -> None:
    (tmp_path / "bad.toml").write_text("id = 3")
    with Pool(rules=(tmp_path,)) as pool, pytest.raises(SignatureError):
        list(pool.analyze_many([make_crate("good")]))


def test_parent_parses_nothing_itself() -> None:
    program = """
import analyzer.worker.pool
print([one for one in sys.modules if one.startswith(("tree_sitter", "isal", "analyzer.syntax"))])
"""
    done = subprocess.run(command(program), capture_output=True, check=True)
    assert done.stdout == b"[]\n"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_end_when_their_parent_is_killed(
    make_crate: MakeCrate, honest: Double, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    child = list(honest(ENDLESS))
    place = child.index("-c") + 1
    child[place] = child[place].replace(
        "serve(judge, limits)\n",
        f"open({str(note)!r}, 'w').write(str(os.getpid()))\nserve(judge, limits)\n",
    )
    parent = command(
        """
import json
from analyzer.model import CrateRef, CrateSource, Origin
from analyzer.worker.pool import Pool
with Pool(worker_command=json.loads(sys.argv[2])) as pool:
    pool.analyze_one(CrateSource(CrateRef("good", "1.0.0"), "", b"", Origin.ARCHIVE))
    print("started", flush=True)
    pool.analyze_one(CrateSource(CrateRef("evil", "1.0.0"), "", b"", Origin.ARCHIVE))
""",
        json.dumps(child),
    )
    with subprocess.Popen(parent, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"started\n"
        worker = int(note.read_text())
        assert is_running(worker)
        running.kill()
    for _ in range(100):
        if not is_running(worker):
            break
        time.sleep(0.05)
    assert not is_running(worker)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_interrupt_ends_no_worker(three: list[CrateSource], honest: Double) -> None:
    body = "signal.raise_signal(signal.SIGINT)"
    with Pool(worker_command=honest(body)) as pool:
        reports = list(pool.analyze_many(three))
    assert [one.verdict for one in reports] == [Verdict.CLEAR] * 3


def test_worker_killed_before_its_first_crate_is_replaced(
    make_crate: MakeCrate, honest: Double
) -> None:
    with Pool(jobs=1, worker_command=honest("pass")) as pool:
        while not pool._living:
            time.sleep(0.01)
        (worker,) = pool._living
        worker.kill()
        assert pool.analyze_one(make_crate("good")).verdict is Verdict.CLEAR
        assert worker not in pool._living
