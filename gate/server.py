"""uvicorn with our door and our logs; signals end it in order."""

from __future__ import annotations

import json
import logging
import sys
import time

import uvicorn

from gate.gate import Gate
from gate.web.app import App
from gate.web.protocol import GuardedProtocol

_CONNECTIONS_MOST = 4000
_GRACE_S = 30
_KEEP_ALIVE_S = 75
_SWITCH_S = 0.0005


class _Lines(logging.Formatter):
    """One JSON object a line; an access line is one already."""

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        said = record.getMessage()
        if record.name == "gate.access":
            return f'{{"at": "{at}", "log": "access", {said[1:]}'
        row = {"at": at, "log": record.name, "level": record.levelname.lower(), "said": said}
        if record.exc_info:
            row["trace"] = self.formatException(record.exc_info)
        return json.dumps(row)


def serve(gate: Gate, *, logs_access: bool) -> None:
    """Serve until a signal says stop; open requests may end within half a minute."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    for name in ("gate", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)
    logging.getLogger("gate.access").setLevel(logging.INFO if logs_access else logging.WARNING)
    # Logs are written by another thread: it shall not keep answers waiting for 5 ms at a time.
    sys.setswitchinterval(_SWITCH_S)
    told = gate.settings
    config = uvicorn.Config(
        App(gate),
        host=told.host,
        port=told.port,
        http=GuardedProtocol,
        ws="none",
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS_MOST,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
        backlog=1024,
    )
    uvicorn.Server(config).run()
