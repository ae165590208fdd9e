"""A result as JUnit XML, for a CI's own view of tests: a suite for each module, a test case for each scenario."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree as ET

from harness.report.result import RunRow, ScenarioRow

NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(path: Path, run: RunRow) -> None:
    """Write a result. What kept the run as a whole from being proved is a test case of its own, with an error."""
    suites = ET.Element("testsuites", name="harness run")
    for module, rows in groupby(run.scenarios, key=lambda row: row.module):
        _suite(suites, module, list(rows))
    if told := [*run.incomplete, *run.problems]:
        figures = {"tests": str(len(told)), "failures": "0", "errors": str(len(told))}
        suite = ET.SubElement(suites, "testsuite", {"name": "run", **figures})
        for text in told:
            case = ET.SubElement(suite, "testcase", classname="run", name=_clean(text.partition("\n")[0]), time="0")
            ET.SubElement(case, "error", message=_clean(text.partition("\n")[0])).text = _clean(text)
    path.parent.mkdir(parents=True, exist_ok=True)
    ET.ElementTree(suites).write(path, encoding="utf-8", xml_declaration=True)


def _suite(suites: ET.Element, module: str, rows: list[ScenarioRow]) -> None:
    counts = {
        "tests": len(rows),
        "failures": sum(row.ending in ("refuted", "unknown") for row in rows),
        "errors": sum(row.ending == "could not run" for row in rows),
        "skipped": sum(row.ending in ("not run", "known") for row in rows),
    }
    figures = {name: str(number) for name, number in counts.items()}
    seconds = _seconds(sum(row.seconds for row in rows))
    suite = ET.SubElement(suites, "testsuite", {"name": module, "time": seconds, **figures})
    for row in rows:
        name = f"{row.case} {row.intercom_version}".strip()
        case = ET.SubElement(suite, "testcase", classname=module, name=_clean(name), time=_seconds(row.seconds))
        if row.ending == "not run":
            ET.SubElement(case, "skipped", message=_clean(row.reason.partition("\n")[0]))
        elif row.ending == "known":
            ET.SubElement(case, "skipped", message=_clean(f"a known failure, {row.known.text if row.known else ''}"))
        elif row.failed:
            kind = "error" if row.ending == "could not run" else "failure"
            text = "\n".join(_told(row))
            ET.SubElement(case, kind, message=_clean(text.partition("\n")[0])).text = _clean(text)


def _told(row: ScenarioRow) -> list[str]:
    claims = [claim for claim in row.claims if claim.verdict != "proved"]
    told = [f"{claim.text}: expected {claim.expected}, found {claim.found}" for claim in claims]
    return [*filter(None, [row.likely, row.reason]), *told, *([f"again: {row.again}"] if row.again else [])]


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"


def _clean(text: str) -> str:
    return NOT_IN_XML.sub("�", text)
