"""Counters in the text form that Prometheus reads. No label ever holds a crate's name (G8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

_BUCKETS = (0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 30.0)


class Metrics:
    """Touched by the event loop alone."""

    def __init__(self) -> None:
        self._answers: Counter[tuple[str, int]] = Counter()
        self._seconds: Counter[tuple[str, float]] = Counter()
        self._total_s: Counter[str] = Counter()
        self._events: Counter[str] = Counter()

    def answered(self, route: str, status: int, seconds: float) -> None:
        """An answer went out."""
        self._answers[route, status] += 1
        for limit in _BUCKETS:
            if seconds <= limit:
                self._seconds[route, limit] += 1
        self._total_s[route] += int(seconds * 1e6)

    def saw(self, event: str) -> None:
        """Something happened that an operator counts."""
        self._events[event] += 1

    def text(self, gauges: Mapping[str, float], counts: Iterable[tuple[str, str, int]]) -> str:
        """The page. `counts` are (name, outcome, number)."""
        lines = ["# TYPE cratescope_gate_answers_total counter"]
        for (route, status), number in sorted(self._answers.items()):
            labels = f'route="{route}",status="{status}"'
            lines.append(f"cratescope_gate_answers_total{{{labels}}} {number}")
        lines.append("# TYPE cratescope_gate_answer_seconds histogram")
        for route in sorted(self._total_s):
            count = sum(one for (name, _), one in self._answers.items() if name == route)
            for limit in _BUCKETS:
                labels = f'route="{route}",le="{limit}"'
                number = self._seconds[route, limit]
                lines.append(f"cratescope_gate_answer_seconds_bucket{{{labels}}} {number}")
            name, total_s = f'route="{route}"', self._total_s[route] / 1e6
            lines.append(f'cratescope_gate_answer_seconds_bucket{{{name},le="+Inf"}} {count}')
            lines.append(f"cratescope_gate_answer_seconds_sum{{{name}}} {total_s:.6f}")
            lines.append(f"cratescope_gate_answer_seconds_count{{{name}}} {count}")
        lines.append("# TYPE cratescope_gate_events_total counter")
        for event, number in sorted(self._events.items()):
            lines.append(f'cratescope_gate_events_total{{event="{event}"}} {number}')
        for name, outcome, number in counts:
            lines.append(f'cratescope_gate_{name}{{outcome="{outcome}"}} {number}')
        for name, value in sorted(gauges.items()):
            lines.append(f"# TYPE cratescope_gate_{name} gauge")
            lines.append(f"cratescope_gate_{name} {value:g}")
        return "\n".join(lines) + "\n"
