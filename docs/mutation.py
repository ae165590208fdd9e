"""Writes docs/mutation.md from what `harness mutate` found in the stock scenarios: the matrix, and its history.

`make docs` runs it. `docs/mutation.py --take last FILE` takes over the JSON of a new run, distilled, into
docs/mutation.json first; `first` is the run before anything was added because of survivors.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.mutation.operators import OPERATORS

PAGE = Path(__file__).with_suffix(".md")
DATA = Path(__file__).with_suffix(".json")

INTRODUCTION = """\
# What the stock scenarios see of mutants

`harness mutate` changes one request or one answer of the reference pipeline at a time; [the guide](guide/mutation.md)
says how it is judged and counted. This page is made by `make docs` from the runs in [mutation.json](mutation.json). A
key (operation, operator, field, person) counts once, and is killed if one scenario kills it.
"""

ADDED = (
    ("the avatar of a lead or visitor who keeps their id is compared", "`avatar after` on the target survived"),
    (
        "in batches and in three calls one after the other, users lack name, phone and plan, which a source fills",
        "`name between`, `phone between` and `plan between` on a source survived: the target's own value won",
    ),
    ("a user without e-mail lacks a plan as well", "`plan before` on the source of a merge survived"),
    ("an external id with letters beyond ASCII", "`folded to ASCII` and `decomposed` had nothing to change"),
    (
        "the reference pipeline declares that it returns a contact",
        "`another contact first` survived: nothing was compared",
    ),
    (
        "a reason names an identifier that is neither the source's nor the target's",
        "`cut at 32`, `trimmed` and `decomposed` were killed by a claim without a reason",
    ),
)
"""What was added because of survivors: what, and which mutants showed it."""


APART = ("loud", "permitted", "equivalent", "inapplicable")
"""What stands outside of the rate."""


def page() -> str:
    """The whole page."""
    runs = json.loads(DATA.read_text(encoding="utf-8"))
    parts = [INTRODUCTION, "## History\n", *_history(runs), "\n## What was added because of survivors\n"]
    parts += ["| added | because |", "|---|---|", *(f"| {what} | {why} |" for what, why in ADDED)]
    parts += ["\n## Families and flows\n", *_rates(runs), "\n## Survivors of the last run\n", *_survivors(runs["last"])]
    parts += ["\n## Operators\n", *_operators(runs["last"]["matrix"])]
    parts += ["\n## The matrix of the last run\n", *_matrix(runs["last"]["matrix"]), ""]
    return "\n".join(parts)


def _history(runs: Mapping[str, Any]) -> Iterator[str]:
    yield "| run | API | mutants | keys that count | killed | named | loud | permitted | equivalent | no change |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    for run in runs.values():
        keys, rate, named = run["keys"], run["rate"], run["named"]
        counted = rate["killed"] + rate["survived"]
        apart = " | ".join(f"{keys[fate]:,}" if fate in keys else "" for fate in APART)
        yield (
            f"| {run['title']} | {run['version']} | {run['mutants']:,} | {counted:,} | {_percent(rate)} "
            f"| {_percent(named)} | {apart} |"
        )


def _percent(rate: Mapping[str, int]) -> str:
    counted = rate["killed"] + rate["survived"]
    return f"{int(1000 * rate['killed'] / counted) / 10:g} %" if counted else "none counts"


def _rates(runs: Mapping[str, Any]) -> Iterator[str]:
    yield "| | " + " | ".join(runs) + " |"
    yield "|---|" + "--:|" * len(runs)
    for part in ("families", "flows"):
        for name in dict.fromkeys(name for run in runs.values() for name in run[part]):
            cells = (_percent(run[part][name]) if name in run[part] else "" for run in runs.values())
            yield f"| {name} | " + " | ".join(cells) + " |"


def _survivors(run: Mapping[str, Any]) -> Iterator[str]:
    yield "| key | why it may survive |"
    yield "|---|---|"
    for one in run["survivors"]:
        yield f"| `{one['key']}` | {one['excused'] or '**nothing excuses it**'} |"


def _operators(matrix: Mapping[str, Mapping[str, Sequence[int]]]) -> Iterator[str]:
    """Yield the table of operators, as it stands in the code, with what each came to."""
    yield "Each is a wrong pipeline that nobody had to write; [the zoo](zoo.md) holds those that real code was.\n"
    yield "| family | operator | what a scenario needs to see it | killed | survived |"
    yield "|---|---|---|--:|--:|"
    for one in OPERATORS:
        cells = matrix.get(one.name, {}).values()
        killed, survived = (sum(cell[place] for cell in cells) for place in (0, 1))
        yield f"| {one.family} | {one.name} | {one.needs} | {killed:,} | {survived:,} |"


def _matrix(matrix: Mapping[str, Mapping[str, Sequence[int]]]) -> Iterator[str]:
    scenarios = list(dict.fromkeys(name for row in matrix.values() for name in row))
    yield "A row for each operator, a sign for each scenario: `X` all that count were killed, `x` some, `.` none;"
    yield "a blank where none counts.\n"
    yield "```text"
    width = max(map(len, matrix))
    numbers = range(1, len(scenarios) + 1)
    yield " " * (width + 2) + "".join(str(number // 10 % 10) if number % 10 == 0 else " " for number in numbers)
    yield " " * (width + 2) + "".join(str(number % 10) for number in numbers)
    for operator, row in matrix.items():
        yield f"{operator:{width}}  {''.join(_sign(row.get(name, (0, 0))) for name in scenarios)}".rstrip()
    yield "```\n"
    for number, name in enumerate(scenarios, 1):
        yield f"{number}. `{name}`"


def _sign(cell: Sequence[int]) -> str:
    killed, survived = cell
    if not killed and not survived:
        return " "
    return "X" if not survived else "x" if killed else "."


def distilled(run: Mapping[str, Any], title: str) -> dict[str, Any]:
    """Return what the page needs of a run."""
    matrix: dict[str, dict[str, list[int]]] = {}
    for operator, cases in run["matrix"].items():
        for case, counts in cases.items():
            scenario = case.partition("[")[0].removeprefix("scenarios/").replace(".py::test_", ": ").replace("_", " ")
            cell = matrix.setdefault(operator, {}).setdefault(scenario, [0, 0])
            cell[0] += counts.get("killed", 0)
            cell[1] += counts.get("survived", 0)
    return {
        "title": title,
        "version": run["intercom_version"],
        "mutants": run["mutants"],
        "keys": run["keys"],
        "rate": run["rate"],
        "named": run["reason_names_mutation"],
        "families": run["families"],
        "flows": run["flows"],
        "survivors": [{"key": one["key"], "excused": one["excused"]} for one in run["survivors"]],
        "matrix": matrix,
    }


def take(name: str, file: Path, title: str) -> None:
    """Take a run over into the data under a name."""
    runs = json.loads(DATA.read_text(encoding="utf-8")) if DATA.is_file() else {}
    runs[name] = distilled(json.loads(file.read_text(encoding="utf-8")), title)
    if name != "last":
        runs[name] |= {"survivors": [], "matrix": {}}  # the last run's are shown
    DATA.write_text(json.dumps(runs, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--take"]:
        take(sys.argv[2], Path(sys.argv[3]), " ".join(sys.argv[4:]))
    PAGE.write_text(page(), encoding="utf-8")
