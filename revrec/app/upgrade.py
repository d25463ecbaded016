"""Upgrade: the database of a workspace brought to the version that this program needs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from revrec import settings as configuration
from revrec.store import schema


def upgrade(root: Path, *, environ: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """Migrate the database of the workspace in a folder; (version before, version after). Facts stay as they are."""
    return schema.upgrade(configuration.load(root, environ).url)
