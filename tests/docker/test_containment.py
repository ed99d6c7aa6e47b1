"""Crates that attack the sandbox: each is held, told of, and gone afterwards.

That nothing is left of one is asserted where each is built (`conftest.build`).
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.model import FactKind

if TYPE_CHECKING:
    from tests.docker.conftest import Build, Seen

pytestmark = [pytest.mark.docker]

# What every act may use: told(...) prints for us, `calls` makes raw system calls.
_HEAD = """
import ctypes, errno, json, os, signal, socket, sys, time
HOME = os.path.expanduser("~" + os.environ["USER"])
libc = ctypes.CDLL(None, use_errno=True)
def told(value):
    print("told", json.dumps(value), flush=True)
def word(act, *arguments):
    try:
        act(*arguments)
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    return "done"
def call(number, *arguments):
    ctypes.set_errno(0)
    done = libc.syscall(number, *arguments)
    return errno.errorcode[ctypes.get_errno()] if done < 0 else "done"
"""


def test_a_fork_bomb_ends_at_the_limit_and_leaves_the_run_whole(build: Build) -> None:
    seen = build(
        _HEAD
        + """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
root = os.getpid()
until = time.time() + 3
refused = 0
while time.time() < until:
    try:
        if os.fork() == 0:
            os.setsid()
            os.closerange(0, 3)  # else cargo waits for its words to end
    except OSError:
        refused += 1
        time.sleep(0.2)
if os.getpid() != root:
    time.sleep(1000)
told(refused)
open(HOME + "/.aws/credentials").read()
"""
    )
    assert seen.told() > 0
    assert seen.subjects(FactKind.PROCESS_DETACH)
    assert "{home}/.aws/credentials" in seen.subjects(FactKind.FILE_READ)


def test_a_memory_bomb_kills_itself_and_not_its_tracer(build: Build) -> None:
    seen = build(_HEAD + "held = []\nwhile True:\n    held.append(bytearray(b'x') * (16 << 20))\n")
    assert seen.trace.observation is not None
    assert "does not build" in seen.gaps
    assert any(one.argv[:1] == ("python3",) for one in seen.trace.observation.processes)


def test_a_full_disk_is_the_payloads_own(build: Build) -> None:
    free = shutil.disk_usage("/").free
    seen = build(
        _HEAD
        + """
def fill(folder):
    size = 0
    with open(folder + "/fill", "wb", buffering=0) as file:
        while True:
            size += file.write(bytes(4 << 20))
sizes = {}
for folder in ("/tmp", "/var/tmp", "/dev/shm", HOME, "/", "/etc", "/run", "/usr/local"):
    sizes[folder] = word(fill, folder)
    if folder != HOME:
        try: os.unlink(folder + "/fill")
        except OSError: pass
print("sizes", json.dumps(sizes), flush=True)
open(HOME + "/.aws/credentials").read()
""",
        code=0,
    )
    assert abs(shutil.disk_usage("/").free - free) < 1 << 30  # others write here too
    assert "the run broke off" in seen.gaps or "does not build" in seen.gaps
    assert "{home}/.aws/credentials" in seen.subjects(FactKind.FILE_READ)


def test_a_flood_of_output_is_cut_and_told(build: Build) -> None:
    seen = build("import os\nfor _ in range(20):\n    os.write(1, b'flood\\n' * (1 << 17))\n")
    assert len(seen.logs["build"]) <= 16 << 20
    assert "bytes of what it printed were not kept" in seen.gaps


def test_a_decoy_in_the_middle_of_a_flood_of_calls_is_seen_with_its_owner(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flood is larger than all room for the trace, which is made small for that."""
    monkeypatch.setattr("sandbox.machine._TRACE_ROOM_BYTES", 1 << 20)
    seen = build(
        _HEAD
        + """
def flood(word):
    for number in range(500):
        word_of_it = "/".join([HOME, word + str(number)] + ["d" * 200] * 17)
        try: os.close(os.open(word_of_it, os.O_RDONLY))
        except OSError: pass
flood("a")
open(HOME + "/.aws/credentials").read()
flood("b")
""",
        code=0,
    )
    assert "lines of the trace had no room" in seen.gaps
    (fact,) = [
        one
        for one in seen.trace.facts
        if one.kind is FactKind.FILE_READ and one.subject.endswith(".aws/credentials")
    ]
    assert "acts 0.1.0" in fact.owner


# Killing and blinding -----------------------------------------------------------------------------


def test_nobody_but_its_own_can_be_killed(build: Build) -> None:
    seen = build(
        _HEAD
        + """
words = {}
for one in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
    if os.stat("/proc/%d" % one).st_uid != os.getuid() or one == 1:
        words[one] = [word(os.kill, one, number) for number in (9, 19, 15, 2)]
told(words)
open(HOME + "/.aws/credentials").read()
"""
    )
    words = seen.told()
    assert len(words) >= 2  # the supervisor and the tracer
    assert {one for row in words.values() for one in row} == {"EPERM"}
    assert "{home}/.aws/credentials" in seen.subjects(FactKind.FILE_READ)


def test_killing_everybody_is_no_quiet_build(build: Build) -> None:
    seen = build(_HEAD + 'open(HOME + "/.aws/credentials").read()\nos.kill(-1, 9)\n')
    assert "does not build" in seen.gaps
    assert "{home}/.aws/credentials" in seen.subjects(FactKind.FILE_READ)


def test_blinding_the_tracer_fails_or_changes_nothing(build: Build) -> None:
    seen = build(
        _HEAD
        + """
tracer = int(open("/proc/self/status").read().partition("TracerPid:")[2].split()[0])
def poke(pid):
    with open("/proc/%d/mem" % pid, "r+b", buffering=0) as file: file.write(b"x")
def reach(pid):
    near = ctypes.create_string_buffer(8)
    row = (ctypes.c_size_t * 2)(ctypes.addressof(near), 8)
    far = (ctypes.c_size_t * 2)(0x400000, 8)
    return [word(poke, pid), word(os.listdir, "/proc/%d/fd" % pid), call(310, pid, row, 1, far, 1, 0),
            call(311, pid, row, 1, far, 1, 0), call(101, 16, pid, 0, 0), call(438, 3, 0, 0)]
words = {"tracer": tracer, "supervisor": reach(1), "of it": reach(tracer)}
reader, writer = os.pipe()
pid = libc.syscall(56, 0x00800000 | signal.SIGCHLD, 0, 0, 0, 0)  # CLONE_UNTRACED
if pid == 0:
    os.write(writer, word(os.open, HOME + "/.npmrc", os.O_RDONLY).encode())
    os._exit(0)
os.close(writer)
words["untraced"] = os.read(reader, 100).decode()
told(words)
libc.prctl(4, 0, 0, 0, 0)
os.closerange(3, 1024)
os.close(os.open(HOME + "/.aws/credentials", os.O_RDONLY))
"""
    )
    words = seen.told()
    assert words["tracer"] > 0
    assert not {"done"} & {*words["supervisor"], *words["of it"]}
    reads = seen.subjects(FactKind.FILE_READ)
    # An untraced child cannot open anything; and if it could, the second witness would tell.
    assert words["untraced"] == "ENOSYS" or "{home}/.npmrc" in reads
    assert "{home}/.aws/credentials" in reads


# Time ---------------------------------------------------------------------------------------------


def test_sleeping_forever_is_a_time_out_that_is_told(build: Build) -> None:
    seen = build(
        "import signal, time\n"
        "for one in (1, 2, 3, 15):\n    signal.signal(one, signal.SIG_IGN)\n"
        "while True:\n    time.sleep(0.5)\n",
        build_s=4.0,
    )
    assert "the build did not end in its time" in seen.gaps


def test_a_daemonized_child_is_told_and_gone_in_the_next_stage(build: Build) -> None:
    seen = build(
        _HEAD
        + """
found = [one for one in os.listdir("/proc") if one.isdigit()
         and open("/proc/%s/cmdline" % one, "rb").read().startswith(b"lingers")]
told(len(found))
open(HOME + "/.aws/credentials").read()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for one in range(3): os.close(one)
        os.execvp("python3", ["lingers", "-c", "import time; time.sleep(600)"])
    os._exit(0)
os.wait()
time.sleep(0.3)
"""
    )
    assert any("lingers" in one for one in seen.subjects(FactKind.PROCESS_DETACH))
    assert (seen.told("build"), seen.told("other-bait")) == (0, 0)


# What is there ------------------------------------------------------------------------------------

_PROBE = (
    _HEAD
    + """
families = {}
for family in range(46):
    for kind in (1, 2, 3, 5):
        try: socket.socket(family, kind).close()
        except OSError as error: continue
        families.setdefault(family, []).append(kind)
abstract = socket.socket(socket.AF_UNIX)
abstract.bind("\\0hidden")
reads = {}
for one in ("mountinfo", "environ", "cmdline", "status", "cgroup", "maps", "auxv", "comm"):
    for who in ("self", "1", str(os.getppid())):
        try: reads[who + "/" + one] = open("/proc/" + who + "/" + one, "rb").read().decode("latin1")
        except OSError as error: reads[who + "/" + one] = ""
names = []
for root in ("/", "/tmp", "/var/tmp", "/run", "/etc", "/sbin", "/usr/local/bin", "/opt", "/srv",
             "/mnt", "/media", "/var/run", "/var/lib", "/var/log", "/dev", "/home", HOME):
    try: names += [root + "/" + one for one in os.listdir(root)]
    except OSError: pass
def write(path):
    open(path, "wb").close()
def score():
    os.write(os.open("/proc/self/oom_score_adj", os.O_WRONLY), b"-1000")
def mkdir(path):
    os.mkdir(path)
refused = {
    "setuid": word(os.setuid, 0), "setgid": word(os.setgid, 0), "groups": word(os.setgroups, [0]),
    "chroot": word(os.chroot, "/tmp"), "mount": call(165, b"none", b"/tmp", b"tmpfs", 0, 0),
    "umount": call(166, b"/tmp", 0), "pivot": call(155, b"/tmp", b"/tmp"),
    "unshare user": call(272, 0x10000000), "unshare mounts": call(272, 0x20000),
    "unshare network": call(272, 0x40000000), "setns": call(308, 0, 0),
    "clone user": call(56, 0x10000000 | 17, 0, 0, 0, 0), "bpf": call(321, 0, 0, 0),
    "perf": call(298, 0, 0, -1, -1, 0), "keyctl": call(250, 0, -3, 0),
    "module": call(175, 0, 0, b""), "kexec": call(246, 0, 0, 0, 0), "reboot": call(169, 0, 0, 0),
    "ptrace 1": call(101, 16, 1, 0, 0), "handle": call(304, 0, 0, 0), "swap": call(167, b"/x", 0),
    "hostname": call(170, b"x", 1), "clock": call(227, 0, ctypes.create_string_buffer(16)),
    "io_uring": call(425, 8, ctypes.create_string_buffer(256)), "nice": word(os.nice, -5),
    "oom": word(score),
    "kcore": word(open, "/proc/kcore", "rb"), "sysrq": word(write, "/proc/sysrq-trigger"),
    "cgroup": word(mkdir, "/sys/fs/cgroup/x"), "cgroup below": word(mkdir, "/sys/fs/cgroup/pids/x"),
    "core pattern": word(write, "/proc/sys/kernel/core_pattern"), "root": word(write, "/x"),
    "init": word(write, "/sbin/init"), "toolchain": word(
        write, os.path.dirname(os.path.dirname(os.environ["CARGO"])) + "/bin/cargo"),
    "passwd": word(write, "/etc/passwd"), "mknod": word(os.mknod, "/tmp/disk", 0o60600, 0xfe00),
    "route": os.system("ip route add 203.0.113.0/24 dev lo 2>/dev/null") and "refused" or "done",
    "link": os.system("ip link set lo down 2>/dev/null") and "refused" or "done",
    "rules": os.system("nft flush ruleset 2>/dev/null") and "refused" or "done",
}
raised = [one for one in ("su", "mount", "passwd", "newgrp", "chsh")
          if os.path.exists("/usr/bin/" + one)
          and os.stat("/usr/bin/" + one).st_mode & 0o4000]
root = os.popen("unshare -r id -u 2>/dev/null").read().strip()
absent = [one for one in ABSENT if os.path.lexists(one)]
told({"families": families, "reads": reads, "names": names, "refused": refused,
      "absent": absent, "root": root, "host": socket.gethostname(), "setuid": raised})
"""
)
_ENGINES = [
    *("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock"),
    *("/run/podman/podman.sock", "/var/run/crio/crio.sock", "/var/lib/docker", "/proc/1/root/etc"),
]
# No word that a passphrase of the bait may hold, and none so short that a random key does.
_OUR_WORDS = ("cratescope", "sandbox", "canary", "decoy", "sinkhole", "honeypot", "analyzer")


@pytest.fixture(scope="module")
def probed(build: Build) -> Seen:
    """One crate that looks at everything."""
    here = [str(Path(__file__)), sys.prefix, os.environ.get("HOME", "/root") + "/.cargo"]
    backwards = [
        one[::-1] for one in (*_ENGINES, *here)
    ]  # the probe's own words are no words of ours
    return build(f"ABSENT = [one[::-1] for one in {backwards!r}]\n{_PROBE}")


@pytest.fixture(scope="module")
def told(probed: Seen) -> dict[str, Any]:
    found: dict[str, Any] = probed.told()
    return found


def test_only_families_of_its_own_network_open_and_none_is_raw(told: dict[str, Any]) -> None:
    families = {int(one): set(kinds) for one, kinds in told["families"].items()}
    assert set(families) == {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK}
    for family in (socket.AF_INET, socket.AF_INET6):
        assert families[family] == {socket.SOCK_STREAM, socket.SOCK_DGRAM}


def test_a_socket_with_a_name_and_no_file_is_told(probed: Seen) -> None:
    assert "unix:@hidden" in probed.subjects(FactKind.NET_LISTEN)


def test_no_engine_and_nothing_of_this_machine_is_there(told: dict[str, Any]) -> None:
    assert told["absent"] == []
    assert told["host"] != socket.gethostname()


def test_everything_that_needs_power_is_refused(told: dict[str, Any]) -> None:
    assert {name for name, word in told["refused"].items() if word == "done"} == set()
    assert told["root"] != "0"


@pytest.mark.parametrize("name", ["mountinfo", "environ", "cmdline", "cgroup", "maps"])
def test_no_word_of_ours_stands_in_what_it_sees(told: dict[str, Any], name: str) -> None:
    texts = {key: text.lower() for key, text in told["reads"].items() if key.endswith(name)}
    assert texts[f"self/{name}"]
    found = [(key, one) for key, text in texts.items() for one in _OUR_WORDS if one in text]
    assert found == []


def test_no_name_of_a_file_is_a_word_of_ours(told: dict[str, Any]) -> None:
    assert len(told["names"]) > 50
    assert [one for one in told["names"] if any(word in one.lower() for word in _OUR_WORDS)] == []


def test_offline_and_with_a_dependency_that_is_not_here_is_not_built_and_told(build: Build) -> None:
    seen = build("", code=0, more='[dependencies]\nhelper-that-is-nowhere = "1"\n')
    assert seen.trace.observation is None
    assert "not built: cargo fetch" in seen.gaps
