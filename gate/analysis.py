"""Whether the analysis works: the crate that is always denied proves it.

One crate that no worker can judge says nothing about the machine (threat model P7, G7).
"""

from __future__ import annotations

from analyzer.errors import CratescopeError
from analyzer.model import CrateRef, CrateSource, Origin, Verdict
from analyzer.worker.pool import Pool
from gate import probe
from gate.breaker import Breaker
from gate.errors import AnalysisDown

PAUSE_S = 5.0


class Analysis:
    """Safe to share between threads. `is_up`: not before it was proven."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._breaker = Breaker(1, PAUSE_S)
        self.is_up = False
        self.is_known = False

    def check(self) -> None:
        """Raises AnalysisDown while it is known not to work: nobody then has to wait for that."""
        left_s = self._breaker.left_s
        if left_s:
            raise AnalysisDown(
                f"the analysis does not work; tried again in {left_s:.0f} s",
                remedy="see cratescope doctor",
            )

    def failed(self) -> None:
        """No worker starts, or the proof failed."""
        self._breaker.failed("analysis")
        self.is_up, self.is_known = False, True

    def prove(self) -> bool:
        """Whether the crate that is always denied is seen for what it is, by a worker, now."""
        ref = CrateRef(probe.NAME, probe.VERSION)
        source = CrateSource(ref, probe.checksum(), probe.archive(), Origin.CRATES_IO)
        try:
            is_sound = self._pool.analyze_afresh(source).verdict is Verdict.BLOCK
        except CratescopeError:
            is_sound = False
        if is_sound:
            self._breaker.worked()
            self.is_up = self.is_known = True
        else:
            self.failed()
        return is_sound
