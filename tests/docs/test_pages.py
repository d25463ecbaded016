"""The pages say what the program does: what is generated is up to date, every command shown prints what stands under it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from docs import generate
from revrec.wire.policy_rules import REQUIRED

DOCS = Path(generate.__file__).parent
POLICY = json.loads((DOCS.parent / "schemas" / "policy.schema.json").read_text("utf-8"))


def test_every_generated_page_is_up_to_date():
    stale = [
        name for name, text in generate.pages() if generate.masked((DOCS / name).read_text("utf-8")) != generate.masked(text)
    ]
    assert not stale, f"run `python -m docs.generate`: {', '.join(stale)}"


def test_what_is_generated_holds_no_place_of_the_machine_that_made_it():
    for path in DOCS.glob("*.md"):
        assert not re.search(r"Traceback|/tmp/|/home/|/root/|/work/", path.read_text("utf-8")), path.name


@pytest.mark.parametrize("table", ["policy", "tax", "package"])
def test_the_policy_page_names_exactly_the_keys_of_the_file(table):
    definition = POLICY["properties"][table]["items"]
    if "$ref" in definition:
        definition = POLICY["$defs"][definition["$ref"].rpartition("/")[2]]
    page = (DOCS / "policy-file.md").read_text("utf-8")
    section = page.partition(f"## `[[{table}]]`")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE))))
    assert named == set(definition["properties"])


def test_the_policy_page_says_which_keys_are_required():
    page = (DOCS / "policy-file.md").read_text("utf-8").partition("## `[[policy]]`")[2].partition("\n## ")[0]
    required = set(re.findall(r"^\| `(\w+)` \|.*\| required \|$", page, re.MULTILINE))
    assert required == {"id", "since", *REQUIRED}


def test_every_link_between_the_pages_leads_somewhere():
    for path in DOCS.glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text("utf-8")):
            assert (DOCS / target).exists(), f"{path.name}: {target}"
