"""`revrec`: the commands by family, and the one table that turns a mistake into an exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from revrec.cli import (
    about,
    audit,
    books,
    bundles,
    customers,
    demo,
    export,
    face,
    init,
    invoices,
    options,
    periods,
    policies,
    proofs,
    records,
    reports,
    sandbox,
    schemas,
    serve,
    show,
    submit,
    trace,
    whatif,
)
from revrec.core.errors import RevrecError

USAGE = 2
INTERRUPTED = 130
STOPPED = "interrupted: nothing is half booked; run the command again"

app = typer.Typer(
    name="revrec",
    help="True books for prepaid session bundles: events in, a Beancount ledger out.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help, the same on a terminal and in a file
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _version(wanted: bool) -> None:
    if wanted:
        from revrec import __version__

        print(f"revrec {__version__}")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    directory: Annotated[
        Path, typer.Option("-C", metavar="DIR", show_default=False, help="Work in this workspace (default: the current folder).")
    ] = Path(),
    _wanted: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """True books for prepaid session bundles: events in, a Beancount ledger out.

    Exit codes: 0 done; 1 refused, findings or a broken workspace; 2 wrong usage; 130 interrupted.
    Environment: REVREC_DATABASE (another database), REVREC_KEY (the key of personal data, instead of revrec.key),
    REVREC_AUDIT_KEY (the key that signs closings, instead of audit.key), REVREC_SCHEMAS (the folder of official schemas),
    REVREC_SIGNER_PASSWORD (of the certificate).

    \b
    Example:
      revrec init books --taxpayer ES-B64717838 --name "Centro Ejemplo SL"
      revrec -C books record events.jsonl
    """
    ctx.obj = directory


init.add(app)
records.add(app)
periods.add(app)
bundles.add(app)
customers.add(app)
trace.add(app)
policies.add(app)
proofs.add(app)
reports.add(app)
books.add(app)
serve.add(app)
export.add(app)
whatif.add(app)
invoices.add(app)
submit.add(app)
face.add(app)
schemas.add(app)
sandbox.add(app)
demo.add(app)
audit.add(app)
about.add(app)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code of events.md 5."""
    # Recording makes millions of small objects without cycles: the collector may look rarely (a seventh of the time).
    gc.set_threshold(100_000, 50, 100)
    try:
        code = int(app(args=arguments, prog_name="revrec", standalone_mode=False) or 0)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough; the interpreter would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  what is not ours is raised again there
        options.stop_progress()
        return _failed(error)
    if code == INTERRUPTED:
        options.stop_progress()
        show.complain(STOPPED)
    return code


def _failed(error: BaseException) -> int:
    """Print a mistake in plain words and answer its exit code; what is none of ours is raised again."""
    match error:
        case typer.TyperException():
            usage = getattr(error, "show", None)  # a mistake in the arguments also shows how to call the command
            if usage:
                usage()
            else:
                show.complain(f"Error: {error.format_message()}")
            return USAGE
        case RevrecError():
            for line in str(error).splitlines():
                show.complain(line)
            return 1
        case KeyboardInterrupt() | typer.Abort():
            show.complain(STOPPED)
            return INTERRUPTED
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            show.complain(f"{where}{error.strerror or error}. Hint: check the file, its permissions and the space on the disk")
            return 1
        case _:
            raise error
