"""Serves books in Fava, read-only, on this machine only: `python -m revrec.fava.serve FILE [--port N]`.

It prints the address once it listens, and ends when its standard input closes: then whoever started it is gone.
"""

from __future__ import annotations

import argparse
import gc
import sys
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cheroot.wsgi import Server
from fava.application import create_app

HOST = "127.0.0.1"
# Nothing may be loaded from elsewhere; Fava's own styles are partly inline, its parser is WebAssembly.
_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)


def application(ledger: Path) -> Any:
    """Fava's WSGI application of a ledger, read-only, every answer under a content security policy."""
    gc.disable()  # a third faster: the entries of a ledger stay for good
    app = create_app([ledger.resolve()], load=True, read_only=True)
    gc.enable()
    gc.freeze()

    @app.after_request
    def secured(response: Any) -> Any:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    return app


def serve(ledger: Path, port: int) -> None:
    """Serve until standard input closes; `port` 0 takes a free one."""
    server = Server((HOST, port), application(ledger), numthreads=4)
    server.prepare()
    sys.stdout.write(f"http://{HOST}:{server.bind_addr[1]}/\n")
    sys.stdout.flush()
    threading.Thread(target=_stop_at_end, args=(server, sys.stdin), daemon=True).start()
    server.serve()


def _stop_at_end(server: Server, lines: Iterable[str]) -> None:
    for _ in lines:
        pass
    server.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and serve; the exit code."""
    parser = argparse.ArgumentParser(
        prog="revrec.fava.serve", description="Serve books in Fava, read-only, on this machine only."
    )
    parser.add_argument("ledger", type=Path)
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args(arguments)
    try:
        serve(given.ledger, given.port)
    except OSError as error:
        sys.stderr.write(f"port {given.port}: {error.strerror or error}. Choose another one\n")
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
