"""`cratescope sandbox`: the image that builds run in, and what this machine can do."""

from __future__ import annotations

import typer

from analyzer.cli.output import show
from analyzer.report.text import one_line

app = typer.Typer(no_args_is_help=True, help="The sandbox that builds run in.")


@app.command("build-image")
def build_image_command(
    *, anew: bool = typer.Option(False, "--anew", help="Build it even if it is there.")
) -> None:
    """Build the image that builds run in; once is enough."""
    from sandbox.engine import connect
    from sandbox.image import build_image

    image = build_image(connect(), lambda text: typer.echo(one_line(text), err=True), is_anew=anew)
    show(f"{image.tag} {image.digest}\n")


@app.command("doctor")
def doctor_command() -> None:
    """What the sandbox needs, and whether it is here."""
    from sandbox.doctor import checks

    is_whole = True
    for one in checks():
        show(f"{one}\n")
        is_whole = is_whole and not one.is_missing
    if not is_whole:
        raise typer.Exit(1)
