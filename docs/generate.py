"""Writes what the pages must not get wrong: events, posting rules, and the output under every command.

python -m docs.generate            write the pages again
python -m docs.generate --check    name the pages that no longer say what the program does; exit 1 if there are any
"""  # noqa: INP001  docs is no package

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from docs import checked, issued, lawful
from docs.examples import EXAMPLES
from docs.worked import Told, page_part, tell
from revrec.cli import main as cli
from revrec.core.rules import RULES, Rule
from revrec.wire import kinds
from tests.example import build

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
PAGES = (
    "quick-start-accountant.md",
    "quick-start-freelancer.md",
    "quick-start-auditor.md",
    "commands.md",
    "mapping.md",
    "whatif.md",
    "policies-in-words.md",
    "export.md",
    "reports.md",
    "proofs.md",
    "audit-pack.md",
    "personal-data.md",
)
FAMILIES = {
    "opening": "Opening balances",
    "sale": "Sales",
    "instalment": "Sales",
    "payment": "Payments",
    "deposit": "Deposits and credit",
    "credit": "Deposits and credit",
    "session": "Sessions and visits",
    "accrual": "Straight line",
    "contract": "Late facts",
    "breakage": "Breakage",
    "modification": "Top-ups, upgrades, concessions",
    "transfer": "Transfers",
    "fee": "Fees",
    "refund": "Refunds",
    "refund-window": "Refunds",
    "default": "Claims that are lost",
    "receivable": "Claims that are lost",
    "chargeback": "Chargebacks and payouts",
    "payout": "Chargebacks and payouts",
    "branch": "Branches and providers",
    "provider": "Branches and providers",
    "currency": "Currencies",
    "adjustment": "Adjustments",
}
ABROAD = {"currency", "rate"}  # said once, for every event with amounts
_FORMS = {
    kinds.ID: "id",
    kinds.CODE: "code",
    kinds.EVENT_ID: "id of the event",
    kinds.URI: "URI reference",
    kinds.DAY: "date",
    kinds.INSTANT: "instant with offset (RFC 3339)",
    kinds.MONTH: "month, `2026-01`",
    kinds.COUNTRY: "country",
    kinds.CURRENCY: "currency, `USD`",
    kinds.RATE: 'rate of exchange, `"0.9215"`',
    kinds.SHARE: 'share between 0 and 1, `"0.90"`',
    kinds.AMOUNT: 'amount, `"50.00"`',
    kinds.SIGNED: 'amount, debit positive, `"-50.00"`',
    kinds.QUANTITY: 'quantity, `"1.5"`',
    kinds.REFERENCE: "reference",
    kinds.EMAIL: "e-mail address",
    kinds.PLAIN: "name or code on one line",
    kinds.LINE: "text of one line",
    kinds.TEXT: "text, at most 200 characters, sealed",
}
_TYPES = {"boolean": "`true` or `false`", "integer": "whole number", "object": "flat object of codes"}
_FENCE = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<kind>\w*)\n(?P<body>.*?)```\n", re.DOTALL)
# What differs from run to run: when a fact was recorded, and the digests that cover that moment.
_MASKS = (
    (re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "<instant>"),
    (re.compile(r"\b(?:[0-9a-f]{64}|[0-9A-F]{64})\b"), "<digest>"),
    (re.compile(r"\bCSV A-[0-9A-F]+\b"), "CSV <code>"),
    (re.compile(r"\bhead [0-9a-f]{16}\b"), "head <digest>"),
)


def main() -> int:
    """Write the pages, or compare them."""
    checking = "--check" in sys.argv[1:]
    stale = []
    for name, text in pages():
        path = DOCS / name
        before = path.read_text("utf-8") if path.exists() else ""
        if masked(before) == masked(text):
            continue
        stale.append(name)
        if not checking:
            path.write_text(text, "utf-8")
    for name in stale:
        print(f"docs/{name} {'is out of date: run `python -m docs.generate`' if checking else 'written'}")  # noqa: T201  a command prints
    return 1 if checking and stale else 0


def pages() -> Iterator[tuple[str, str]]:
    """Every page with generated parts, as it should read."""
    yield "verifactu-codes.md", lawful.page()
    yield "invoice-checks.md", checked.page()
    yield "events.md", events(json.loads((ROOT / "schemas" / "event.schema.json").read_text("utf-8")))
    with tempfile.TemporaryDirectory() as scratch:
        example = Path(scratch) / "example"
        build(example)
        stories = [tell(each) for each in EXAMPLES]
        yield "posting-rules.md", posting_rules(example / "journal", stories)
        yield "worked-examples.md", worked_examples(stories)
        for name in PAGES:
            yield name, ran((DOCS / name).read_text("utf-8"), example, Path(scratch) / name)
        with issued.player(output) as play:
            yield issued.NAME, ran((DOCS / issued.NAME).read_text("utf-8"), example, Path(scratch) / issued.NAME, play.output)


def masked(text: str) -> str:
    """The text without what differs from run to run."""
    for pattern, word in _MASKS:
        text = pattern.sub(word, text)
    return text


def ran(page: str, example: Path, folder: Path, say: Callable[[str, Path], str] | None = None) -> str:
    """The page with the output of its commands as they say it today, or as `say` answers it.

    The blocks run in order in one new folder, which holds a copy of the workspace `example` and the files of the page.
    """
    folder.mkdir()
    shutil.copytree(example, folder / "example")

    def block(found: re.Match[str]) -> str:
        if found["file"]:
            path = folder / found["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(found["body"], "utf-8")
        if found["kind"] != "console":
            return found[0]
        commands = [line[2:] for line in found["body"].splitlines() if line.startswith("$ ")]
        shown = "".join(f"$ {command}\n{(say or output)(command, folder)}" for command in commands)
        return f"```console\n{shown}```\n"

    return _FENCE.sub(block, page)


def output(command: str, folder: Path) -> str:
    """What a command of ours prints in a folder, errors included; a defect of the program is raised, never printed."""
    name, *arguments = shlex.split(command)
    if name != "revrec":
        raise ValueError(f"{command}: the pages show commands of revrec only")
    said = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        cli.main(arguments)
    return "".join(f"{line.rstrip()}\n" for line in said.getvalue().splitlines())


def worked_examples(stories: Iterable[Told]) -> str:
    """The page of the worked examples: event by event, small stories and the entries that the engine makes of them."""
    lines = [
        "# Worked examples",
        "",
        "*Generated by telling `docs/examples.py` to the engine; run `python -m docs.generate` after a change.*",
        "",
        "Each story names what its policy changes of the standard one: ten sessions for 500.00, exempt health care, one unit",
        "at 60.00 by itself, six months, refund of what is not used. Amounts are EUR, facts happen in branch `bcn`.",
        "Under each fact stand its entries, with the [posting rule](posting-rules.md) that made them. A date before the",
        "rule is the entry's own, where the calendar had something to do first or the fact belongs to another day.",
    ]
    kind = ""
    for story in stories:
        if story.example.kind != kind:
            kind = story.example.kind
            lines += ["", f"## `{kind}`"]
        lines += page_part(story)
    return "\n".join(lines) + "\n"


def posting_rules(journal: Path, stories: Sequence[Told]) -> str:
    """The page of the posting rules: what each says, where it comes from, an entry that it made, where it is worked."""
    examples = dict(_examples(journal))
    lines = [
        "# Posting rules",
        "",
        "*Generated from `revrec/core/rules.py`; run `python -m docs.generate` after a change.*",
        "",
        "Every entry carries the id of the rule that made it, in its metadata `rule`.",
        "The examples are entries of `ledgers/example/`, more are [worked](worked-examples.md) with small numbers;",
        "which account stands for a role is the chart's business. References: IFRS 15 by paragraph;",
        "PGC by account or standard (NRV); RICAC is the ICAC resolution of 10 February 2021 (BOE-A-2021-2155);",
        "`events.md` with a section and `accounting.md` mean the design notes that revrec was built from.",
    ]
    for title in dict.fromkeys(FAMILIES.values()):
        rules = [rule for rule in RULES.values() if FAMILIES[rule.id.partition(".")[0]] == title]
        lines += ["", f"## {title}"] if rules else []
        for rule in rules:
            lines += _rule(rule, examples.get(rule.id), [story.example.kind for story in stories if rule.id in story.rules])
    return "\n".join(lines) + "\n"


def _rule(rule: Rule, example: str | None, worked: Iterable[str]) -> Iterator[str]:
    yield ""
    yield f"### `{rule.id}`"
    yield ""
    yield rule.en
    yield ""
    yield f"*{rule.es}*"
    yield ""
    yield f"Source: {rule.source}."
    links = [f"[{kind}](worked-examples.md#{re.sub('[^a-z_-]', '', kind)})" for kind in dict.fromkeys(worked)]
    if links:
        yield f"Worked: {', '.join(links)}."
    if example:
        yield ""
        yield "```beancount"
        yield example
        yield "```"


def _examples(journal: Path) -> Iterator[tuple[str, str]]:
    """(rule id, transaction) for every transaction of the journal, latest first, so that a dict keeps the first."""
    texts = [
        text for path in sorted(journal.glob("*/*.beancount")) for text in re.split(r"\n(?=\d{4}-)", path.read_text("utf-8"))
    ]
    for text in reversed(texts):
        if rule := re.search(r'^  rule: "([^"]+)"$', text, re.MULTILINE):
            yield rule[1], text.strip()


def events(schema: dict[str, Any]) -> str:
    """The page of the events, from the JSON Schema of an event."""
    definitions = schema["$defs"]
    envelopes = [_resolved(each, definitions) for each in schema["oneOf"]]
    bodies = {each["properties"]["type"]["const"]: _resolved(each["properties"]["data"], definitions) for each in envelopes}
    common = set.intersection(*(set(body["properties"]) for body in bodies.values()))
    envelope, first = envelopes[0], next(body for body in bodies.values() if common.isdisjoint(body.get("required", ())))
    lines = [
        "# Events",
        "",
        "*Generated from `schemas/event.schema.json`; run `python -m docs.generate` after a change.*",
        "",
        f"{schema['description']} An unknown member is refused by name.",
        "What an event does to the books: [posting rules](posting-rules.md).",
        "",
        "## The envelope",
        "",
        *_members(envelope, definitions, envelope["properties"].keys() - {"data"}),
        "",
        "## Members of `data` that every event may carry",
        "",
        *_members(first, definitions, common),
        "",
        "## Amounts in another currency",
        "",
        "Every event that carries amounts may name the currency in which all of them are written. They are converted to the",
        "taxpayer's minor units, half up; those of a list so that they add up to the converted whole.",
        "",
        *_members(bodies["bundle.sold"], definitions, ABROAD),
    ]
    for kind, body in bodies.items():
        lines += ["", f"## `{kind}`", "", body.get("description", ""), ""]
        lines += _members(body, definitions, body["properties"].keys() - ((common | ABROAD) - set(body.get("required", ()))))
    return "\n".join(lines) + "\n"


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    return definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _members(body: dict[str, Any], definitions: dict[str, Any], names: Iterable[str]) -> Iterator[str]:
    yield "| member | | what it is |"
    yield "|---|---|---|"
    required = body.get("required", ())
    for name in sorted(names, key=lambda name: (name not in required, name)):
        member = body["properties"][name]
        form = "one of the types below" if name == "type" else _form(member, definitions)
        words = ". ".join(filter(None, (form, member.get("description", "").rstrip("."))))
        yield f"| `{name}` | {'required' if name in required else 'optional'} | {words} |"


def _form(member: dict[str, Any], definitions: dict[str, Any]) -> str:
    """What a member looks like, in a few words."""
    member = _resolved(member, definitions)
    if "const" in member:
        return f"`{member['const']}`"
    if "enum" in member:
        return (
            "a role of the chart" if "contract-liability" in member["enum"] else ", ".join(f"`{each}`" for each in member["enum"])
        )
    if "anyOf" in member:
        return _form(member["anyOf"][0], definitions)
    if member.get("type") == "array":
        return f"list of {_form(member['items'], definitions)}"
    if member.get("type") == "object" and "properties" in member:
        required = member.get("required", ())
        inner = (
            f"`{name}`{'' if name in required else '?'}: {_form(each, definitions)}"
            for name, each in member["properties"].items()
        )
        return "{" + "; ".join(inner) + "}"
    return _FORMS.get(member.get("pattern", ""), _TYPES.get(member.get("type", ""), "text"))


if __name__ == "__main__":
    sys.exit(main())
