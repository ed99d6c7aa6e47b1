"""Runs the samples that rules carry: each is a small crate made in memory, or a list of facts.

The analysis itself is handed in, so that what is tested is what scans.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from analyzer.errors import SignatureError
from analyzer.model import (
    CrateRef,
    CrateSource,
    Fact,
    FactKind,
    FactSet,
    Field,
    Finding,
    Moment,
    Origin,
    Phase,
    Span,
    Where,
)
from analyzer.rules.match import match
from analyzer.rules.ruleset import RuleSet
from analyzer.rules.schema import Rule, Sample


class Analyze(Protocol):
    """Findings of one crate under the given rules, as the product finds them."""

    def __call__(
        self,
        crate: CrateSource,
        ruleset: RuleSet,
        /,
        before: CrateSource | None = None,
        others: tuple[CrateSource, ...] = (),
    ) -> tuple[Finding, ...]:
        """`before` is the version before, where the sample has one; `others` are crates that come
        after this one, each of which depends on all before it.
        """


_VERSION = "0.1.0"
_ROOT = re.compile(r"\b([a-z][a-z0-9_]*)::")
_FACT = re.compile(
    r"(?P<kind>\S+) (?P<subject>.+?)(?: \((?P<api>[^()]*)\))?(?: \[(?P<data>[^\[\]]*)\])?"
)


@dataclass(frozen=True, slots=True)
class SampleResult:
    """Whether a sample did what its rule promises; `complaint` says how it did not."""

    rule: str
    sample: str
    complaint: str = ""

    @property
    def is_ok(self) -> bool:
        """The rule kept its word."""
        return not self.complaint


def run_samples(rule: Rule, ruleset: RuleSet, analyze: Analyze) -> tuple[SampleResult, ...]:
    """Each sample of a rule, tried with that rule alone. Raises SignatureError for a bad sample."""
    alone = RuleSet((rule,), ruleset.signatures)
    return tuple(
        SampleResult(rule.id, one.name, _complaint(rule, one, _findings(rule, one, alone, analyze)))
        for one in rule.samples
    )


def _findings(rule: Rule, sample: Sample, alone: RuleSet, analyze: Analyze) -> tuple[Finding, ...]:
    if sample.crates:
        first, *others = sample_sources(sample, alone)
        return analyze(first, alone, others=tuple(others))
    if sample.files or not (sample.observed or sample.given):
        before = source_before(sample, alone)
        return analyze(sample_source(sample, alone), alone, before=before)
    before_facts = facts_before(rule, sample) if sample.is_step else None
    return match(FactSet(given_facts(rule, sample)), alone, before_facts)


def _complaint(rule: Rule, sample: Sample, findings: tuple[Finding, ...]) -> str:
    if sample.is_match is not bool(findings):
        return "the rule stays quiet" if sample.is_match else "the rule fires"
    if rule.is_blocking and findings and all(one.is_quiet for one in findings):
        return "the rule asks for BLOCK, but on this code only a REVIEW follows"
    cited = {
        each.where.line
        for one in findings
        for each in one.evidence
        if isinstance(each.where, Span) and each.where.file == _main_file(sample)
    }
    if sample.lines and cited != set(sample.lines):
        return f"evidence is in lines {_listed(cited)}, not in {_listed(sample.lines)}"
    return ""


def _listed(lines: Iterable[int]) -> str:
    return ", ".join(str(one) for one in sorted(lines)) or "none"


def _main_file(sample: Sample) -> str:
    if sample.crates:
        name, files = sample.crates[0]
        return f"{name}-{_VERSION}/{files[0][0]}" if files else ""
    return sample.files[0][0] if sample.files else ""


# Crates ------------------------------------------------------------------------------------------


def sample_source(
    sample: Sample, ruleset: RuleSet, needs: tuple[str, ...] | None = None
) -> CrateSource:
    """The sample as a packed folder; without a Cargo.toml of its own it gets one that runs it.

    `needs`: other crates of the sample, if it is one of several.
    """
    own = sample.crate or ("sample@0.1.1" if sample.is_step else "sample")
    name, _, version = own.partition("@")
    files = dict(sample.files)
    if "Cargo.toml" not in files:
        files["Cargo.toml"] = _manifest(name, version or _VERSION, sample, ruleset, needs)
        if not any(path.startswith("src/") for path in files):
            files["src/lib.rs"] = ""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted(files):
            data = files[path].encode()
            info = tarfile.TarInfo(f"{name}-{version or '0.1.0'}/{path}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    data = buffer.getvalue()
    ref = CrateRef(name, version or "0.1.0")
    return CrateSource(ref, hashlib.sha256(data).hexdigest(), data, Origin.FOLDER)


def sample_sources(sample: Sample, ruleset: RuleSet) -> tuple[CrateSource, ...]:
    """The crates of a sample in scope `graph`, in order, each with a `links` of its own name."""
    found = []
    before: list[str] = []
    for name, files in sample.crates:
        one = Sample(sample.name, sample.is_match, files, phase=sample.phase, crate=name)
        found.append(sample_source(one, ruleset, tuple(before)))
        before.append(name)
    return tuple(found)


def source_before(sample: Sample, ruleset: RuleSet) -> CrateSource | None:
    """The version before, as `sample_source` makes the sample itself; None where there is none.

    Unless `before-crate` says otherwise it is 0.1.0 of the same name, and the sample then 0.1.1.
    """
    if sample.before is None:
        return None
    named = sample.before_crate or f"{(sample.crate or 'sample').partition('@')[0]}@0.1.0"
    return sample_source(replace(sample, files=sample.before, crate=named, before=None), ruleset)


def _manifest(
    name: str, version: str, sample: Sample, ruleset: RuleSet, needs: tuple[str, ...] | None
) -> str:
    """Dependencies are the catalogued crates that the sample's code names, and `needs`."""
    named = {one for _, text in sample.files for one in _ROOT.findall(text)}
    catalogued = {one.partition("::")[0] for one in ruleset.signatures.apis} - {"std"}
    named = (named & catalogued) | set(needs or ())
    dependencies = "".join(f'{one} = "*"\n' for one in sorted(named))
    is_linking = needs is not None and any(path == "build.rs" for path, _ in sample.files)
    links = f'links = "{name}"\n' if is_linking else ""
    library = "[lib]\nproc-macro = true\n" if sample.phase is Phase.PROC_MACRO else ""
    return (
        f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\n'
        f"{links}{library}"
        f"[dependencies]\n{dependencies}[build-dependencies]\n{dependencies}"
    )


# Facts -------------------------------------------------------------------------------------------


def given_facts(rule: Rule, sample: Sample) -> tuple[Fact, ...]:
    """The facts that a sample lists, as observed or as given. Raises SignatureError."""
    rows: list[tuple[str, Where]] = [
        (text, Moment("build", 1, number, 0)) for number, text in enumerate(sample.observed)
    ]
    rows += [(text, Field("sample", str(number))) for number, text in enumerate(sample.given)]
    return tuple(_listed_fact(rule, sample, text, where) for text, where in rows)


def facts_before(rule: Rule, sample: Sample) -> tuple[Fact, ...]:
    """The facts that a sample lists of the version before. Raises SignatureError."""
    return tuple(
        _listed_fact(rule, sample, text, Field("before", str(number)))
        for number, text in enumerate(sample.before_given or ())
    )


def _listed_fact(rule: Rule, sample: Sample, text: str, where: Where) -> Fact:
    """`kind subject`, then perhaps `(api)` and `[data; more data]`."""
    written = _FACT.fullmatch(text)
    if written is None:
        raise SignatureError(
            f"{rule.path}: sample `{sample.name}`: a fact is `kind subject (api) [data]`"
        )
    kind, subject, api = written["kind"], written["subject"], written["api"] or ""
    try:
        known = FactKind(kind)
    except ValueError:
        raise SignatureError(
            f"{rule.path}: sample `{sample.name}`: no fact kind `{kind}`"
        ) from None
    phases = (sample.phase,) if sample.phase else ()
    data = tuple(written["data"].split("; ")) if written["data"] else ()
    return Fact(known, subject, where, phases, api=api, data=data)
