"""Where the one file begins, by the word it is called with."""

from __future__ import annotations

import sys


def main(argv: list[str]) -> None:
    """No word: supervise a build. `enter`: become the payload. `net`: be the network."""
    word = argv[1] if len(argv) > 1 else ""
    if word == "enter":
        from sandbox.guest import enter

        enter.main(argv[2:])
    elif word == "net":
        from sandbox.guest.sinkhole import serve

        raise SystemExit(serve.main(argv[2:]))
    else:
        from sandbox.guest import supervisor

        supervisor.main(argv[0])


if __name__ == "__main__":
    main(sys.argv)
