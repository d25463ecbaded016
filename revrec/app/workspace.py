"""A workspace that is open: its settings, chart and catalogue, and the store with the taxpayer's books."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from revrec import settings as configuration
from revrec.books.chart import Chart
from revrec.settings import Settings, SettingsError
from revrec.store.keys import Master
from revrec.store.store import Store
from revrec.wire import policies
from revrec.wire.context import Context
from revrec.wire.policies import PolicyFile


@dataclass(frozen=True, slots=True)
class Workspace:
    """Everything that a use case needs; `context` is what reading events needs to know of the taxpayer."""

    root: Path
    settings: Settings
    chart: Chart
    catalogue: PolicyFile
    store: Store
    context: Context

    def close(self) -> None:
        """Close the database; what was not committed is rolled back."""
        self.store.close()


@contextmanager
def open_workspace(root: Path, *, environ: Mapping[str, str] = os.environ, reading: bool = False) -> Iterator[Workspace]:
    """The workspace in a folder; every mistake in its files is a RevrecError that names file, line and remedy.

    `reading`: nothing can be written through it, whoever asks.
    """
    settings = configuration.load(root, environ)
    chart = Chart.load(root / "chart.beancount")
    catalogue = policies.load(root / "policy.toml", settings.currency)
    store = open_store(settings, reading=reading)
    context = Context(settings.taxpayer, settings.currency, settings.zone.key)
    workspace = Workspace(root, settings, chart, catalogue, store, context)
    try:
        _check_currency(workspace)
        yield workspace
    finally:
        workspace.close()


def _check_currency(ws: Workspace) -> None:
    """What was recorded is in minor units of one currency: `revrec.toml` may not name another one afterwards."""
    pin = ws.store.pins.settings(sys.maxsize)  # the latest
    try:
        kept = orjson.loads(pin.content)["currency"] if pin else ws.settings.currency
    except (ValueError, KeyError, TypeError):
        return  # the pin was tampered with: `verify` must be able to say so
    if kept != ws.settings.currency:
        raise SettingsError(
            str(ws.root / configuration.FILE),
            "currency",
            f"these books are kept in {kept}, not in {ws.settings.currency}",
            f"put {kept} back; books in another currency need a workspace of their own",
        )


def open_store(settings: Settings, *, reading: bool = False) -> Store:
    """The taxpayer's books in the database that the settings name."""

    def restore(kind: str, content: bytes) -> object:
        return policies.restored(kind, content, settings.currency)

    return Store.open(settings.url, settings.taxpayer, Master(settings.key_path, settings.key), restore, reading=reading)
