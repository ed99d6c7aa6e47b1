"""Is it alive, is it ready, what does it count: for whatever watches the gate."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor

from analyzer.errors import CratescopeError
from gate.gate import Gate
from gate.web.answer import NO_STORE, Answer, text
from gate.web.metrics import Metrics

_JSON = ("content-type", "application/json")


class Status:
    """`/healthz`, `/readyz`, `/metrics`."""

    def __init__(self, gate: Gate, threads: Executor, metrics: Metrics) -> None:
        self._gate, self._threads, self._metrics = gate, threads, metrics
        self._counts: Mapping[str, int] = {}
        self.routes: dict[str, Callable[[], Awaitable[Answer]]] = {
            "/healthz": self._alive,
            "/readyz": self._ready,
            "/metrics": self._numbers,
        }

    def begin(self) -> None:
        """Start the gate; the crate that is always denied proves that judges work."""
        self._gate.start()
        self._threads.submit(self._gate.judge.analysis.prove)

    async def _alive(self) -> Answer:
        return text(200, "alive\n")

    def state(self) -> dict[str, object]:
        """What works; in memory, so that asking costs nothing."""
        desk, analysis = self._gate.desk, self._gate.judge.analysis
        broken = "does not work" if analysis.is_known else "not proven yet"
        upstreams = {
            name: "answers" if not one.breaker.left_s else "does not answer"
            for name, one in desk.parts.upstreams.items()
        }
        parts = desk.parts
        advisories = ", ".join(parts.contexts(parts.today()).labels)
        trouble = next((one.trouble for one in desk.parts.upstreams.values() if one.trouble), "")
        advisories += "; another gate has newer ones" if desk.is_behind else ""
        return {
            "ready": analysis.is_up and desk.is_store_up and not trouble,
            "analysis": "works" if analysis.is_up else broken,
            "database": "answers" if desk.is_store_up else "does not answer",
            "disk": trouble or "writable",
            "upstreams": upstreams,
            "advisories": advisories or "none: run cratescope db update",
            "waiting": len(desk.parts.line),
        }

    async def _ready(self) -> Answer:
        """Ready once a hostile example was recognized; an upstream that is down is no reason."""
        state = self.state()
        body = json.dumps(state).encode()
        return Answer(200 if state["ready"] else 503, body, (_JSON, NO_STORE))

    async def _numbers(self) -> Answer:
        desk, loop = self._gate.desk, asyncio.get_running_loop()
        try:
            store = self._gate.store
            self._counts = await loop.run_in_executor(self._threads, store.counts)
        except CratescopeError:
            self._metrics.saw("metrics-without-database")
        gauges = {
            "ready": float(bool(self.state()["ready"])),
            "analysis_busy_seconds": round(self._gate.pool.busy.sum_s, 3),
            "analysis_wall_seconds": round(self._gate.pool.busy.wall_s, 3),
            "analysis_up": float(self._gate.judge.analysis.is_up),
            "database_up": float(desk.is_store_up),
            "waiting": float(len(desk.parts.line)),
            "judged": float(desk.parts.line.done),
            "downloads_lost": float(desk.parts.ledger.lost),
            "upstream_downloads": float(sum(o.downloads for o in desk.parts.upstreams.values())),
        }
        rows = [("releases", one, number) for one, number in sorted(self._counts.items())]
        kind = ("content-type", "text/plain; version=0.0.4")
        return Answer(200, self._metrics.text(gauges, rows).encode(), (kind, NO_STORE))
