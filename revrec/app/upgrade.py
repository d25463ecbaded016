"""Upgrade: the database of a workspace brought to the version that this program needs; facts stay as they are."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from revrec import settings as configuration
from revrec.app.progress import Progress, Silent
from revrec.app.replay import Derived, Replay
from revrec.app.verify import differing
from revrec.core.errors import RevrecError
from revrec.store.keys import Master
from revrec.store.schema import Upgraded
from revrec.store.store import Store, scratch
from revrec.store.store import upgrade as store_upgrade
from revrec.wire import policies
from revrec.wire.context import Context

# What the migration leaves empty, in the order in which it is filled.
_DERIVED = ("bundles", "movements", "customers", "visits", "holdings")


class UpgradeRefused(RevrecError):
    """This release would book a recorded event otherwise: its derived tables would not fit the entries that stand."""

    def __init__(self, where: str, event: str, why: str) -> None:
        super().__init__(
            f"{where}: the database was not upgraded and is as it was: event {event} {why}. "
            "Go on with the release that wrote these books, or make new ones with `revrec init` and record the events again; "
            "then the differences stand where they arose."
        )


@dataclass(slots=True)
class _Restore:
    """Makes a version of its pinned content; amounts are of the taxpayer's currency."""

    currency: str

    def __call__(self, kind: str, content: bytes) -> object:
        return policies.restored(kind, content, self.currency)


def upgrade(root: Path, *, environ: Mapping[str, str] = os.environ, progress: Progress | None = None) -> Upgraded:
    """Migrate the database of the workspace in a folder and derive its tables again from the recorded events.

    The file as it was is kept beside it. Raises UpgradeRefused, and changes nothing, where the entries would be others.
    """
    settings = configuration.load(root, environ)
    restore = _Restore(settings.currency)

    def derive(store: Store) -> None:
        pin = store.pins.settings(sys.maxsize)
        if pin is not None:
            restore.currency = orjson.loads(pin.content)["currency"]  # several taxpayers may share the database
        _derive(store, Context(store.taxpayer_id, restore.currency, settings.zone.key), progress or Silent())

    return store_upgrade(settings.url, Master(settings.key_path, settings.key), restore, derive)


def _derive(store: Store, context: Context, progress: Progress) -> None:
    """The derived tables of one taxpayer, of the events that are recorded."""
    progress.start(f"deriving the tables of {store.taxpayer_id} again", store.event_count)
    with scratch(store.taxpayer_id, store.restore) as other:
        replay = Replay(store, other, context)
        for derived in replay.run():
            if derived.refusal or derived.record != derived.stored.record:
                raise _refused(store, other, replay, derived)
            progress.step()
        store.take_over(other, _DERIVED)
    progress.done()


def _refused(store: Store, other: Store, replay: Replay, derived: Derived) -> UpgradeRefused:
    """Which entry is the first that would be another."""
    stored = derived.stored
    if derived.refusal is not None:
        return UpgradeRefused(store.where, stored.id, f"({stored.type}) would be refused: {derived.refusal}")
    replay.recorder.flush()
    first = next(iter(differing(store, other, stored)), None)
    what = f"its entry E-{first} would be another" if first else "the versions that it relied on would be others"
    return UpgradeRefused(store.where, stored.id, f"({stored.type} of {stored.date}) would be booked otherwise: {what}")
