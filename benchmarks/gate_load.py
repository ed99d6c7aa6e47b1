"""Cached downloads under load: a gate on the loopback address, its 20 kB crate.

    python benchmarks/gate_load.py [--seconds 10] [--connections 32] [--rate 1750]

Without a rate `wrk` asks as fast as it can, and says requests a second and latencies at that load.
With one `h2load` (Debian's nghttp2-client) sends so many requests a second over HTTP/1.1: latencies
at the load that the bar names, 1,500 a second with p99 under 50 ms. A rate that was not reached is
said: then connections waited for answers, and latencies look better than they were.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import http.server
import io
import json
import os
import random
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from gate_project import ROOT, free_port

NAME, VERSION = "twenty-kilobytes", "1.0.0"
_SIZE = 20_000
_WARM_S = 2


def crate() -> bytes:
    """An archive of about 20 kB whose text does not compress."""
    noise = random.Random(7).randbytes(_SIZE * 3 // 4).hex()  # a sample, no secret
    text = f"// {noise}\npub fn one() -> u8 {{ 1 }}\n"
    manifest = f'[package]\nname = "{NAME}"\nversion = "{VERSION}"\nedition = "2021"\n'
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, body in (("Cargo.toml", manifest), ("src/lib.rs", text)):
            member = tarfile.TarInfo(f"{NAME}-{VERSION}/{path}")
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body.encode()))
    return gzip.compress(packed.getvalue(), mtime=0)


def upstream(data: bytes) -> str:
    """A registry that has one crate; its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    row: dict[str, object] = {"name": NAME, "vers": VERSION, "deps": [], "features": {}}
    row |= {"cksum": hashlib.sha256(data).hexdigest(), "yanked": False}
    row |= {"pubtime": "2020-01-01T00:00:00Z"}
    files = {
        "/config.json": json.dumps({"dl": f"{url}dl"}).encode(),
        f"/{NAME[:2]}/{NAME[2:4]}/{NAME}": json.dumps(row).encode() + b"\n",
        f"/dl/{NAME}/{VERSION}/download": data,
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files.get(self.path)
            self.send_response(200 if body is not None else 404)
            self.send_header("content-length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return url


def at_rate(url: str, rate: int, connections: int, seconds: int, log: Path) -> str:
    """What a fixed rate gave, from a line for each request: start, status, microseconds."""
    each = f"--rps={rate / connections}"
    load = [f"-c{connections}", f"-D{seconds}", f"--warm-up-time={_WARM_S}", f"--log-file={log}"]
    command = ["h2load", "--h1", "-t1", each, *load, url]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    rows = [tuple(map(int, one.split("\t")[:3])) for one in log.read_text().splitlines()]
    return summary(rows, rate, seconds)


def summary(rows: list[tuple[int, ...]], rate: int, seconds: int) -> str:
    """Rate, failures and latencies of (start in us, status, us to the end of the answer)."""
    times = sorted(took / 1000 for _, status, took in rows if status == 200)
    failed = len(rows) - len(times)
    if not times:
        return f"{failed} requests, none answered with 200"
    places = (50, 90, 99, 99.9)
    shown = ", ".join(f"p{one:g} {_quantile(times, one):.1f} ms" for one in places)
    reached = len(rows) / seconds
    note = "" if reached >= 0.98 * rate else ": NOT REACHED"
    head = f"{reached:.0f} requests/s of {rate} asked for{note}; {failed} failed"
    return f"{head}; {shown}, worst {times[-1]:.1f} ms"


def _quantile(times: list[float], percent: float) -> float:
    return times[min(len(times) - 1, int(len(times) * percent / 100))]


def main() -> None:
    """Start, warm, measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rate", type=int, default=0)
    asked = parser.parse_args()
    data = crate()
    folder = Path(tempfile.mkdtemp(prefix="gate-load-"))
    config = folder / "gate.toml"
    config.write_text(f'[upstreams.crates-io]\nindex = "sparse+{upstream(data)}"\n')
    port = free_port()
    url = (
        f"http://127.0.0.1:{port}/crates/{NAME}/{VERSION}/{hashlib.sha256(data).hexdigest()}.crate"
    )
    flags = [
        "--listen",
        f"127.0.0.1:{port}",
        "--data",
        str(folder / "data"),
        "--config",
        str(config),
    ]
    code = "from analyzer.cli.main import main; main()"
    log = (folder / "gate.log").open("ab")
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", code, "gate", "serve", *flags],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=log,
    )
    try:
        _warm(url)
        print(f"{len(data)} bytes; access log on")
        if asked.rate:
            print(at_rate(url, asked.rate, asked.connections, asked.seconds, folder / "load.log"))
        else:
            load = ["-t1", f"-c{asked.connections}", f"-d{asked.seconds}s", "--latency"]
            subprocess.run(["wrk", *load, url], check=True)
    finally:
        process.terminate()
        process.wait()


def _warm(url: str) -> None:
    """Until the gate serves the crate."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(url) as answer:
                if answer.status == 200:
                    return
        except urllib.error.URLError:
            time.sleep(0.1)
    sys.exit("the gate does not serve")


if __name__ == "__main__":
    main()
