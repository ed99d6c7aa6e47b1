"""The file that `policy init` writes: what is in force, and all else as comments to take in."""

from __future__ import annotations

TEXT = """\
# What this build lets in. The verdict of a crate is CLEAR, REVIEW, INCOMPLETE or BLOCK; this file
# makes a decision of it: allowed, held (a person has to look) or denied. All keys: docs/policy.md.
#
#   cratescope policy check                     is this file sound, are its waivers still of use?
#   cratescope audit . --scan --policy FILE     decide on everything that Cargo.lock holds
#   cratescope policy explain CRATE@VERSION     why, and a waiver to fill in

[policy]
# Tell what would be done, and fail nothing: for the first weeks.
# mode = "observe"

# Waivers that are expired or of no use fail a run; "report" only tells of them.
stale-waivers = "fail"

# Crates from other registries are denied. URLs as they stand in Cargo.lock.
registries = ["crates-io"]

# Packages from git: "allow", "pinned" (the manifest names a commit) or "deny".
git = "pinned"

# Crates that somebody else published are held, where the publisher is known.
# trusted-publishers = ["our-team"]

# Audits of cargo-vet accept a REVIEW and youth of the version that they name.
# cargo-vet = "supply-chain"
# accept-cargo-vet = ["safe-to-deploy"]

# What was in use when you began: cratescope baseline . --help
# baseline = "cratescope-baseline.toml"

# What crates could do when you looked, so that more is held: cratescope policy learn . --help
# learned = "cratescope-learned.toml"

# Most hostile releases are found within days: what is young waits.
[policy.minimum-age-days]
version = 7
# name = 30
# exceptions = [{ crate = "our-crate", versions = "1", reason = "we publish it ourselves" }]

# From which severity on a finding is held or denied, by the phase in which the code runs.
# [policy.thresholds.build-script]
# quarantine = "low"
# deny = "high"

# Another weight for a rule, with a reason. Never less for a rule that may block.
# [policy.rules.build-uses-network]
# severity = "low"
# phases = ["library"]
# reason = "why this is fine here"

# What a crate may do; more is held. Words as in reports, behind a colon the phases.
# [policy.capabilities]
# ring = ["native code", "build script: build-script"]
# "*" = ["files read", "environment"]

# One exception: these bytes, this rule, this evidence, until that day.
# `cratescope policy explain CRATE@VERSION` prints one to fill in.
# [[waiver]]
# rule = "build-uses-network"
# crate = "some-crate"
# version = "1.2.3"
# sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
# evidence = "00000000000000000000000000000000"
# reason = "what was read, and why it is fine"
# author = "you@example.invalid"
# created = 2026-01-01
# expires = 2026-07-01
"""
