"""Options that several sub-commands have: written once, so that they are the same everywhere."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

import typer


def formats_option(known: Collection[str], first: str = "human") -> Any:
    """`--format` of a command that has these formats; `first` is taken if none is named."""

    def complete(incomplete: str) -> list[str]:
        return [one for one in known if one.startswith(incomplete)]

    return typer.Option(
        "--format",
        metavar="NAME",
        help=f"{', '.join(known)}; {first} if left out; may repeat, in pairs with -o.",
        autocompletion=complete,
    )


Output = Annotated[
    list[Path] | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write there; pairs with --format."),
]
Campaign = Annotated[
    str, typer.Option("--campaign", metavar="NAME|FILE", help="A campaign, or its file.")
]
FromReport = Annotated[
    Path | None,
    typer.Option("--from", metavar="REPORT", help="A report of `scan --format json`."),
]
Offline = Annotated[bool, typer.Option("--offline", help="Use the cache only.")]
Rules = Annotated[
    list[Path] | None,
    typer.Option("--rules", metavar="DIR", help="A folder of rules of your own; may repeat."),
]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", metavar="N", help="Worker processes.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar, no warnings.")]
PolicyFile = Annotated[
    Path | None,
    typer.Option(
        "--policy", metavar="FILE", help="Your policy; the exit code follows its decision."
    ),
]
AsOf = Annotated[
    str,
    typer.Option(
        "--as-of", metavar="DATE", help="Day to count ages from (YYYY-MM-DD); today if left out."
    ),
]
OnlineMetadata = Annotated[
    bool,
    typer.Option("--online-metadata", help="Ask the web API for owners and downloads (slow)."),
]
Features = Annotated[
    list[str] | None,
    typer.Option("--features", "-F", metavar="NAMES", help="Features of the members, as built."),
]
AllFeatures = Annotated[bool, typer.Option("--all-features", help="All features of the members.")]
NoDefaultFeatures = Annotated[
    bool, typer.Option("--no-default-features", help="Without the members' default features.")
]
Targets = Annotated[
    list[str] | None,
    typer.Option("--target", metavar="TRIPLE", help="Built for this target; may repeat."),
]
