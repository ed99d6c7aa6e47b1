"""Every cap and budget in one frozen value. Units end the names.

Budgets that shape a report count bytes, members, nodes and steps, never time, so that a report
is the same on every machine; processor time and memory only end a worker, which is an error.
"""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Defaults are generous for honest crates (the largest known has 114 MB of Rust)."""

    archive_size_bytes: int = 64 * MIB
    unpacked_size_bytes: int = 512 * MIB
    unpacked_ratio: int = 20
    member_size_bytes: int = 256 * MIB
    member_count: int = 100_000
    member_path_bytes: int = 1024
    manifest_size_bytes: int = 4 * MIB
    rust_file_size_bytes: int = 16 * MIB
    build_file_size_bytes: int = 16 * MIB
    syntax_depth: int = 12_000
    syntax_depth_note: int = 300
    syntax_steps_per_byte: int = 16
    syntax_nodes_per_crate: int = 30_000_000
    lexed_tokens_per_file: int = 6_000_000
    module_count: int = 50_000
    value_steps_per_crate: int = 2_000_000
    value_size_bytes: int = 65_536
    interpreted_steps_per_crate: int = 60_000
    interpreted_steps_per_attempt: int = 20_000
    flow_steps_per_crate: int = 40_000
    flow_steps_per_sink: int = 4_000
    macro_depth: int = 16
    prefilter_from_bytes: int = 16 * 1024
    prefilter_share_percent: int = 35
    facts_per_crate: int = 50_000
    snippet_characters: int = 200
    index_size_bytes: int = 64 * MIB
    lockfile_size_bytes: int = 64 * MIB
    worker_memory_bytes: int = 4096 * MIB
    worker_cpu_s: int = 900
    worker_wall_s: int = 3600
    answer_size_bytes: int = 256 * MIB

    def digest(self) -> str:
        """Short digest of all values, quoted in each report."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:16]


DEFAULT_LIMITS = Limits()
