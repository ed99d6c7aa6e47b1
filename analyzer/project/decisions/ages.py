"""When crates were published and by whom: asked only if a policy wants to know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from analyzer.config import Settings
from analyzer.errors import CratescopeError
from analyzer.limits import Limits
from analyzer.registry.context import published
from analyzer.registry.dump import open_names
from analyzer.registry.fetch import STREAMS, Registry

Names = Iterable[tuple[str, str]]


def ages_of(
    packages: Names, settings: Settings, limits: Limits
) -> dict[tuple[str, str], tuple[str, str]]:
    """By name and version when it, and the first one of its name, were published.

    What the index does not tell, or a registry that is out of reach, is left out: an unknown age.
    """
    wanted = sorted(set(packages))
    if not wanted:
        return {}
    with Registry(settings, limits) as registry, ThreadPoolExecutor(STREAMS) as threads:

        def times(package: tuple[str, str]) -> tuple[str, str]:
            name, version = package
            try:
                return published(registry.entries(name), version)
            except CratescopeError:
                return "", ""

        found = dict(zip(wanted, threads.map(times, wanted), strict=True))
    return {package: one for package, one in found.items() if any(one)}


def publishers_of(packages: Names, settings: Settings) -> Mapping[tuple[str, str], str]:
    """By name and version who published it, as far as the registry's dump on this machine tells."""
    names = open_names(settings.data_dir)
    if names is None:
        return {}
    found: dict[tuple[str, str], str] = {}
    for name, version in sorted(set(packages)):
        record = names.record(name)
        for one in record.publications if record is not None else ():
            if one.version == version and one.by:
                found[name, version] = one.by
    names.close()
    return found
