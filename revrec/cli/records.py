"""`revrec record`: events into the books."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from revrec.cli import options, show

if TYPE_CHECKING:
    from revrec.app.record import Recorded
    from revrec.app.workspace import Workspace


def add(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command("record")(record)


def record(
    ctx: typer.Context,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="JSON lines (.jsonl, also .gz or .zst) or CSV; - reads standard input.")
    ],
    mapping: Annotated[Path | None, typer.Option(metavar="FILE", help="Read the CSV through this mapping file.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Book nothing; print the entries that would be posted.")] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Book the good events; write the others to NAME.rejected.jsonl.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Record events: all or nothing for each file, and nothing twice.

    \b
    Example:
      revrec record january.jsonl
      revrec record --mapping agenda.toml --dry-run agenda.csv
      zcat events.jsonl.gz | revrec record -
    """
    from revrec.app import record as app

    with options.workspace(ctx) as ws:
        sources = app.sources(ws, files, mapping=mapping)
        done = app.record(ws, sources, partial=partial, dry_run=dry_run, now=options.now(), progress=options.progress())
        if as_json:
            show.show_json(_json(done, ws))
        else:
            _print(done, ws, dry_run=dry_run)
    for rejected in done.rejected:
        show.complain(str(rejected))
    if done.rejected:
        raise typer.Exit(1)


def _print(done: Recorded, ws: Workspace, *, dry_run: bool) -> None:
    for entry in done.drafts:
        for line in show.draft(entry, ws.settings.currency):
            print(line)
    parts = [f"{show.count(done.recorded, 'event')} {'would be recorded' if dry_run else 'recorded'}"]
    if done.invented:
        parts.append(f"{done.invented:,} of them invented by the mapping")
    if done.repeated:
        parts.append(f"{done.repeated:,} known already")
    parts.extend(f"{number:,} skipped ({reason})" for reason, number in sorted(done.skipped.items()))
    if done.rejected:
        parts.append(f"{done.rejected_count:,} rejected")
    parts.append(f"{show.count(done.entries, 'entry', 'entries')} on {show.count(done.days, 'day')}")
    if done.issued:
        parts.append(f"{show.count(len(done.issued), 'invoice')} {'would be issued' if dry_run else 'issued'}")
    print("; ".join(parts))
    if done.waiting:
        waits = show.count(len(done.waiting), "document")
        print(f"{waits} cannot be issued yet: `revrec invoice list --pending` says what is missing")
    for line in (*map(str, done.erasures), *(line for signed in done.heads for line in signed.lines())):
        print(line)


def _json(done: Recorded, ws: Workspace) -> dict[str, object]:
    return {
        "recorded": done.recorded,
        "repeated": done.repeated,
        "invented": done.invented,
        "skipped": dict(done.skipped),
        "entries": done.entries,
        "days": done.days,
        "rejected": [
            {"file": r.file, "line": r.line, "event": r.event_id, "field": r.field, "reason": r.reason, "hint": r.hint}
            for r in done.rejected
        ],
        "drafts": [show.draft_json(entry, ws.settings.currency) for entry in done.drafts],
        "erasures": [erasure.to_json() for erasure in done.erasures],
        "issued": [issued.number for issued in done.issued],
        "waiting": [waits.draft.id for waits in done.waiting],
        "tree_heads": [signed.to_json() for signed in done.heads],
    }
