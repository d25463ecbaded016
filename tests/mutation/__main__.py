"""Would the tests notice? Changes the core in small ways, one at a time, and runs the tests of the core against each.

python -m tests.mutation [MODULE …] [--sample N] [--seed S] [--timeout SECONDS] [--quick]

MODULE is a module of `revrec/core` (`money`, `reports.tax`); default: all. The changes are those of Cosmic Ray, made in a
copy under build/mutation. A change that no test notices survives: it stands in build/mutation/survivors.diff, and the
score, in build/mutation/score.json, says which share of all was noticed.

Left out are changes that no test can notice, whatever it does, and changes that are no Python, which every test notices:
- in annotations, and of `if TYPE_CHECKING`, which holds imports for annotations;
- `is` made `==`, and `is not` made `!=`, where the right side is None or a member of an enumeration: they compare by identity;
- of a `*` or `**` that is no operation, but marks parameters or arguments (`*, by`, `**facts`).

Changes that are equivalent for any other reason (a cache of another size, a boundary at which both sides agree) count as
survivors. `--quick` leaves out the random histories, which find few changes more: for work on the tests, not for a score.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cosmic_ray.work_item import MutationSpec

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "mutation"
TREE = BUILD / "tree"
CORE = Path("revrec/core")
TESTS = Path("tests/core")
SLOW = "test_invariants.py"  # a minute of random histories: only for what nothing else has noticed
PYTEST = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider")
NO_CHANGE = "core/NoOp"
BINARY = "core/ReplaceBinaryOperator_"
SAME = ("core/ReplaceComparisonOperator_Is_Eq", "core/ReplaceComparisonOperator_IsNot_NotEq")

# Modules that are tested under other names than their own.
TESTED_BY = {
    "book": ("late", "payment"),
    "bundle": ("sessions", "breakage", "clock"),
    "handlers": ("payment", "sessions"),
    "history": ("late", "estimates"),
    "layers": ("modification", "currency"),
    "losses": ("receivable", "chargeback"),
    "position": ("payment", "sessions", "vat", "late"),
    "post": ("late", "sessions"),
    "recording": ("sessions", "period", "agent"),
    "refund": ("refund_request", "vat"),
    "reports.due": ("report_receivables",),
    "reports.open_items": ("report_receivables",),
    "sessions": ("vat", "agent"),
    "tax": ("vat",),
}


class Survivor(NamedTuple):
    """A change that no test noticed."""

    module: str
    line: int
    change: str


class Range(NamedTuple):
    """A stretch of source: (line, column) of its first and behind its last character."""

    start: tuple[int, int]
    end: tuple[int, int]


def stages(module: str, tests: Path) -> list[list[str]]:
    """What is run against a change of a module, until something notices: its own tests and the kept books, the fast ones, all."""
    names = (
        module.replace(".", "_"),
        module.rpartition(".")[2],
        f"report_{module.rpartition('.')[2]}",
        *TESTED_BY.get(module, ()),
        "years",
    )
    own = [str(path) for name in dict.fromkeys(names) if (path := tests / f"test_{name}.py").exists()]
    return [*([own] if own else []), [str(tests), f"--ignore={tests / SLOW}"], [str(tests / SLOW)]]


class Untested(NamedTuple):
    """Where no test can notice a change of a file."""

    types: list[Range]  # the program never looks at them
    identities: list[Range]  # comparisons by `is` in which `==` says the same
    operations: list[Range]  # where the sign of a binary operation may stand

    @classmethod
    def of(cls, source: str) -> Untested:
        """Those of a source."""
        tree = ast.parse(source)
        types = [_range(node) for node in _type_nodes(tree)]
        return cls(
            types, list(_identities(tree)), [_between(n.left, n.right) for n in ast.walk(tree) if isinstance(n, ast.BinOp)]
        )

    def holds(self, operator: str, start: tuple[int, int]) -> bool:
        """Whether a change by an operator of Cosmic Ray at a position is to be left out."""
        if operator in SAME and inside(start, self.identities):
            return True
        return inside(start, self.types) or (operator.startswith(BINARY) and not inside(start, self.operations))


def _identities(tree: ast.AST) -> Iterator[Range]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and _is_one_of_a_kind(node.comparators[0]):
            yield _between(node.left, node.comparators[0])


def _is_one_of_a_kind(node: ast.expr) -> bool:
    """None, or a member of an enumeration as the core writes them, `Status.OPEN`."""
    match node:
        case ast.Constant(value=None):
            return True
        case ast.Attribute(value=ast.Name(id=name), attr=member):
            return name[0].isupper() and member.isupper()
    return False


def _type_nodes(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(annotation=found) | ast.arg(annotation=ast.expr() as found):
                yield found
            case ast.FunctionDef(returns=ast.expr() as found):
                yield found
            case ast.If(test=ast.Name(id="TYPE_CHECKING") as found):
                yield found


def _between(left: ast.expr, right: ast.expr) -> Range:
    return Range(_range(left).end, _range(right).start)


def _range(node: ast.expr) -> Range:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return Range((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset))


def inside(position: tuple[int, int], ranges: Sequence[Range]) -> bool:
    """Whether a position lies in one of the ranges."""
    return any(each.start <= position < each.end for each in ranges)


def drawn(items: Sequence[object], sample: int, seed: int) -> list[int]:
    """The places of a sample (0: all), the same for the same seed."""
    if not sample or sample >= len(items):
        return list(range(len(items)))
    return sorted(random.Random(seed).sample(range(len(items)), sample))


def score(noticed: int, tried: int) -> str:
    """The share noticed, in percent with one decimal, rounded down."""
    return f"{1000 * noticed // tried / 10:.1f} %" if tried else "nothing tried"


def copied() -> None:
    """The core and its tests under build/mutation: the working tree is never changed."""
    shutil.rmtree(TREE, ignore_errors=True)
    skipped = shutil.ignore_patterns("__pycache__")
    for name in ("revrec", "tests/core"):
        shutil.copytree(ROOT / name, TREE / name, ignore=skipped)
    for name in ("pyproject.toml", "tests/__init__.py", "tests/conftest.py"):
        shutil.copyfile(ROOT / name, TREE / name)


def modules(wanted: Sequence[str]) -> list[Path]:
    """The files of the modules asked for, or of the whole core."""
    if not wanted:
        return sorted(path for path in CORE.rglob("*.py") if path.name != "__init__.py")
    found = [CORE / f"{name.replace('.', '/')}.py" for name in wanted]
    for path in found:
        if not path.exists():
            raise SystemExit(f"{path} does not exist")
    return found


def name_of(path: Path) -> str:
    """`reports.tax` of revrec/core/reports/tax.py."""
    return ".".join(path.relative_to(CORE).with_suffix("").parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the changes, try each, write what survived."""
    options = _options(arguments)
    copied()
    os.chdir(TREE)
    os.environ["PYTHONPATH"] = str(TREE)
    paths = modules(options.modules)
    _check_unchanged(paths)
    items = list(_changes(paths))
    chosen = drawn(items, options.sample, options.seed)
    print(f"{len(chosen):,} of {len(items):,} changes (seed {options.seed})", flush=True)
    survivors, tried = [], 0
    for place in chosen:
        outcome = _try(items[place], options.timeout, quick=options.quick)
        tried += outcome is not None
        if outcome:
            survivors.append(outcome)
            print(f"survived: {outcome.module} line {outcome.line}", flush=True)
        if tried % 25 == 0:
            print(f"{tried:,} tried, {score(tried - len(survivors), tried)} noticed", flush=True)
    _write(survivors, tried, len(items), options.seed)
    print(f"{tried:,} changes tried, {score(tried - len(survivors), tried)} noticed; survivors: build/mutation/survivors.diff")
    return 0


def _check_unchanged(paths: Sequence[Path]) -> None:
    """Stop when the tests fail on the core as it is: then they would seem to notice every change."""
    tests = dict.fromkeys(each for path in paths for stage in stages(name_of(path), TESTS)[:-1] for each in stage)
    if subprocess.run([*PYTEST, *tests], check=False).returncode:
        raise SystemExit("the tests fail without any change: mend them first")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    parser.add_argument("--sample", type=int, default=100, metavar="N", help="how many changes (0: all; default: 100)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="which ones (default: 1)")
    parser.add_argument("--timeout", type=float, default=300, metavar="SECONDS", help="of one run of tests (default: 300)")
    parser.add_argument("--quick", action="store_true", help="without the random histories")
    return parser.parse_args(arguments)


def _changes(paths: Sequence[Path]) -> Iterator[MutationSpec]:
    """Every change that Cosmic Ray knows to make, but for those that change nothing and those that are left out."""
    from cosmic_ray.commands import init
    from cosmic_ray.work_db import WorkDB, use_db

    with use_db(str(BUILD / "session.sqlite"), WorkDB.Mode.create) as database:
        init(paths, database, {})
        found = [item.mutations[0] for item in database.work_items]
    left_out = {path: Untested.of(path.read_text("utf-8")) for path in paths}
    found.sort(key=lambda each: (str(each.module_path), each.start_pos, each.operator_name, each.occurrence))
    for each in found:
        if each.operator_name != NO_CHANGE and not left_out[each.module_path].holds(each.operator_name, each.start_pos):
            yield each


def _try(change: MutationSpec, timeout: float, *, quick: bool) -> Survivor | bool | None:
    """The survivor, False when a test noticed, None when the change could not be made."""
    from cosmic_ray.mutating import mutate_and_test
    from cosmic_ray.work_item import TestOutcome, WorkerOutcome

    name, diff = name_of(change.module_path), ""
    for tests in stages(name, TESTS)[: -1 if quick else None]:
        done = mutate_and_test([change], shlex.join([*PYTEST, *tests]), timeout)
        if done.worker_outcome is not WorkerOutcome.NORMAL:
            return None
        if done.test_outcome is not TestOutcome.SURVIVED:
            return False
        diff = done.diff or ""
    return Survivor(name, change.start_pos[0], diff)


def _write(survivors: Sequence[Survivor], tried: int, possible: int, seed: int) -> None:
    noticed = tried - len(survivors)
    result = {
        "possible": possible,
        "tried": tried,
        "noticed": noticed,
        "score": score(noticed, tried),
        "seed": seed,
        "survivors": [{"module": each.module, "line": each.line} for each in survivors],
    }
    (BUILD / "score.json").write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    (BUILD / "survivors.diff").write_text("\n\n".join(each.change for each in survivors), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
