"""Our JSON Schemas, made from the same types that check events and policies.

    python -m revrec.wire.schema           # write schemas/ again
    python -m revrec.wire.schema --check   # name what no longer fits; exit 1

They say the form of each member; rules between members (one target of a payment, legs that add up) stand in events.md.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from revrec.wire.envelope import ENVELOPES, INTERNAL
from revrec.wire.policy_tables import TABLES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = Path(__file__).resolve().parents[2] / "schemas"


def event_schema() -> dict[str, Any]:
    """The schema of one event: one of the types of this release."""
    kinds = [kind for kind in ENVELOPES if kind not in INTERNAL]
    inputs: list[Any] = [(kind, "validation", TypeAdapter(ENVELOPES[kind])) for kind in kinds]
    found, definitions = TypeAdapter.json_schemas(inputs)
    return {
        "$schema": DIALECT,
        "title": "revrec event",
        "description": "CloudEvents 1.0, one object a line, at most 64 KiB.",
        "oneOf": [found[kind, "validation"] for kind in kinds],
        **definitions,
    }


def policy_schema() -> dict[str, Any]:
    """The schema of `policy.toml`, read as JSON: three lists of tables."""
    inputs: list[Any] = [(kind, "validation", TypeAdapter(table)) for kind, table in TABLES.items()]
    found, definitions = TypeAdapter.json_schemas(inputs)
    lists = {kind: {"type": "array", "items": found[kind, "validation"]} for kind in TABLES}
    return {
        "$schema": DIALECT,
        "title": "revrec policy file",
        "description": "Dated policies, taxes and packages.",
        "type": "object",
        "properties": lists,
        "additionalProperties": False,
        **definitions,
    }


def written() -> dict[str, str]:
    """File name -> content of every schema."""
    made = {"event.schema.json": event_schema(), "policy.schema.json": policy_schema()}
    return {name: json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n" for name, schema in made.items()}


def drifted(folder: Path = FOLDER) -> list[str]:
    """The names of schema files that no longer say what the types say."""
    return [
        name for name, text in written().items() if not (folder / name).is_file() or (folder / name).read_text("utf-8") != text
    ]


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` compare them."""
    stale = drifted()
    if "--check" in arguments:
        for name in stale:
            print(f"schemas/{name} is out of date: run python -m revrec.wire.schema")  # noqa: T201  a command prints
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    for name, text in written().items():
        (FOLDER / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
