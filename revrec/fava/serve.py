"""Serves books in Fava, read-only, on this machine only: `python -m revrec.fava.serve FILE [MORE ...] [--port N]`.

It prints the address once it listens, and ends when its standard input closes: then whoever started it is gone. The first file
is loaded before that; more files are loaded when the first page was seen, and stand beside it in Fava from then on.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cheroot.wsgi import Server
from fava.application import create_app
from fava.core import FavaLedger
from flask import Flask, request

from revrec.fava import bounds

HOST = "127.0.0.1"
# Nothing may be loaded from elsewhere; Fava's own styles are partly inline, its parser is WebAssembly.
_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_TEXT = ("text/", "application/json", "application/javascript", "application/wasm", "image/svg")
_LEAST = 1_000  # bytes below which packing is not worth it


def application(ledger: Path, more: Sequence[Path] = ()) -> Flask:
    """Fava's WSGI application of a ledger: read-only, bounded, packed, every answer under a content security policy."""
    with _uncollected():
        app = create_app([ledger.resolve()], load=True, read_only=True)
    bounds.install(app)
    seen = threading.Event()

    @app.after_request
    def secured(response: Any) -> Any:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        if response.mimetype == "application/json":
            seen.set()  # the page has drawn itself and asks for its content
        return _packed(response)

    if more:
        threading.Thread(target=_load, args=(app, more, seen), daemon=True).start()
    return app


def _load(app: Flask, more: Sequence[Path], seen: threading.Event) -> None:
    """Load more ledgers once the first one is on somebody's screen, so that it does not wait for them."""
    seen.wait()
    for ledger in more:
        with _uncollected():
            loaded = FavaLedger(str(ledger.resolve()))
        app.config["LEDGERS"].ledgers.append(loaded)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Load a ledger a third faster: its entries stay for good, nothing of them is garbage."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


def _packed(response: Any) -> Any:
    """The answer in gzip where the browser takes it: a page with many links shrinks to a seventh."""
    fit = response.status_code == 200 and response.mimetype.startswith(_TEXT) and request.accept_encodings["gzip"] > 0
    if not fit or "Content-Encoding" in response.headers:
        return response
    response.direct_passthrough = False
    data = response.get_data()
    if len(data) < _LEAST:
        return response
    response.set_data(gzip.compress(data, 3, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.add("Vary", "Accept-Encoding")
    return response


def serve(ledgers: Sequence[Path], port: int) -> None:
    """Serve until standard input closes; `port` 0 takes a free one."""
    server = Server((HOST, port), application(ledgers[0], ledgers[1:]), numthreads=4)
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
    parser.add_argument("ledgers", type=Path, nargs="+", metavar="ledger")
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args(arguments)
    try:
        serve(given.ledgers, given.port)
    except OSError as error:
        sys.stderr.write(f"port {given.port}: {error.strerror or error}. Choose another one\n")
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
