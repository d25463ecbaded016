"""The list of features names every requirement once, and only tests and commands that there are."""

from __future__ import annotations

import ast
import csv
import re
from collections import Counter
from pathlib import Path

import pytest
import typer

from revrec.cli.main import app
from tests.test_scenarios import BUILT

ROOT = Path(__file__).parents[2]
LIST = ROOT.parent / "shared" / "spec" / "features.tsv"
PIECES = ("Spain invoices", "service", "audit")
ROW = re.compile(r"^\| (?P<id>[\w-]+) \| (?P<what>[^|]+) \| (?P<shown>[^|]+) \|$", re.MULTILINE)
PAGE = (ROOT / "docs" / "features.md").read_text("utf-8")
ROWS = {found["id"]: found["shown"].split("<br>") for found in ROW.finditer(PAGE) if found["id"] != "id"}
PROOFS = sorted({proof.strip("`") for shown in ROWS.values() for proof in shown})
NAMED = [proof for proof in PROOFS if "::" in proof]
COMMANDS = [proof for proof in PROOFS if proof.startswith("revrec ")]


def functions(path: Path) -> set[str]:
    """The tests that a file holds, as pytest would collect them."""
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_row_is_read_and_stands_there_once():
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    ids = Counter(line.split("|")[1].strip() for line in lines[1:])
    assert ids.keys() == ROWS.keys()
    assert [name for name, count in ids.items() if count > 1] == []


if LIST.is_file():

    def test_every_requirement_of_the_list_has_its_row():
        with LIST.open(encoding="utf-8", newline="") as stream:
            wanted = {row["id"] for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)}
        assert ROWS.keys() == wanted


def test_a_proof_is_a_test_a_command_or_a_piece_of_work_to_come():
    rest = [proof for proof in PROOFS if proof not in NAMED and proof not in COMMANDS]
    assert [proof for proof in rest if not re.fullmatch(rf"to come: ({'|'.join(PIECES)})( \(.+\))?", proof)] == []


def test_no_row_names_a_proof_twice():
    assert [name for name, shown in ROWS.items() if len(set(shown)) < len(shown)] == []


@pytest.mark.parametrize("proof", NAMED)
def test_a_named_test_is_there(proof):
    path, _, name = proof.partition("::")
    name, _, parameter = name.partition("[")
    assert name in functions(ROOT / "tests" / path)
    assert not parameter or parameter.removesuffix("]") in BUILT


@pytest.mark.parametrize("proof", COMMANDS)
def test_a_named_command_is_there(proof):
    command = typer.main.get_command(app)
    for word in proof.split()[1:]:
        command = command.commands[word]
    assert command.help
