"""The pages say what the program does: what is generated is up to date, every command shown prints what stands under it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from docs import generate
from docs.examples import EXAMPLES
from docs.worked import tell
from revrec.app import serve
from revrec.app.workspace import open_workspace
from revrec.cli import main as cli
from revrec.core.blocking import BASES
from revrec.core.rules import RULES
from revrec.wire.facts import DATA
from revrec.wire.policy_rules import REQUIRED

DOCS = Path(generate.__file__).parent
POLICY = json.loads((DOCS.parent / "schemas" / "policy.schema.json").read_text("utf-8"))
# What the calendar posts before a fact, and what gives way to a late one.
CALENDAR = {"instalment.due", "accrual.straight-line", "breakage.expiry", "refund-window.released"}
GIVES_WAY = {"breakage.correction", "contract.reclassified"}


def test_every_generated_page_is_up_to_date(official):
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


def test_the_page_on_personal_data_names_the_offices_of_the_law_and_which_is_not_confirmed():
    page = (DOCS / "personal-data.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-z][a-z-]+)` \| ([^\n]+)$", page, re.MULTILINE))
    assert rows.keys() == set(BASES)
    for role, basis in BASES.items():
        assert basis.source in rows[role]
        assert ("**not confirmed**" in rows[role]) is not basis.confirmed


def table(page: str, title: str) -> list[list[set[str]]]:
    """The words in code style of each cell, row by row, of the tables under a title."""
    section = (DOCS / page).read_text("utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    rows = [line.strip("|").split(" |") for line in section.splitlines() if line.startswith("|") and not line.startswith("|--")]
    return [[set(re.findall(r"`([\w.-]+)`", cell)) for cell in row] for row in rows[1:]]


def test_how_it_posts_goes_through_every_event_once_and_names_every_rule():
    rows = table("how-it-posts.md", "Event by event")
    events = [event for row in rows for event in row[0]]
    assert sorted(events) == sorted(DATA.keys() - {"calendar.advanced"})
    assert {rule for row in rows for rule in row[2]} == set(RULES)


def test_an_entry_of_an_event_follows_a_rule_that_is_said_of_it_or_of_the_calendar():
    said = {event: row[2] for row in table("how-it-posts.md", "Event by event") for event in row[0]}
    for example in EXAMPLES:
        for (_, event, _), entries in tell(example).steps:
            rules = {entry.rule for entry in entries} - CALENDAR - GIVES_WAY
            assert event == "calendar.advanced" or rules <= said[event], (example.title, event, rules - said[event])


def test_how_it_posts_goes_through_every_key_of_a_policy():
    keys = {key for row in table("how-it-posts.md", "Key by key") for key in row[0]}
    assert {*REQUIRED, "expected_used", "no_show_fee", "grace_days", "commission_rate"} - {"why"} <= keys


def pages() -> list[Path]:
    return [DOCS.parent / "README.md", DOCS.parent / "CHANGELOG.md", *DOCS.glob("*.md")]


def test_every_link_between_the_pages_leads_somewhere():
    for path in pages():
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def readme_commands() -> list[str]:
    """What the first ten minutes ask to be typed, in order, each here-document with its command."""
    section = (DOCS.parent / "README.md").read_text("utf-8").partition("\n## The first ten minutes\n")[2].partition("\n## ")[0]
    typed = "\n".join(line[4:] for line in section.splitlines() if line.startswith("    "))
    return [found[0] for found in re.finditer(r"^cat [\s\S]*?^EOF$|^.+$", typed, re.MULTILINE)]


def test_the_first_ten_minutes_of_the_readme_run_as_they_stand(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = []
    for command in readme_commands():
        name, *arguments = shlex.split(command.partition("\n")[0], comments=True)
        if name == "revrec" and arguments[0] == "serve":  # it would serve until Ctrl-C: tests/fava opens what it opens
            with open_workspace(Path()) as ws:
                assert [ledger.is_file() for ledger in serve.prepare(ws).ledgers] == [True]
            done.append(arguments[0])
        elif name == "revrec":
            assert cli.main(arguments) == 0, command
            done.append(arguments[0])
        elif name == "cd":
            monkeypatch.chdir(arguments[0])
        elif name in ("cat", "sed"):
            subprocess.run(["sh", "-c", command], check=True)
        else:
            pytest.fail(f"the README asks for {command}")
    assert {"record", "explain", "whatif", "close", "export", "verify", "serve"} <= set(done)
