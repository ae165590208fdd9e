"""`harness run` with what misbehaves: commands and objects that crash or hang, scenarios with bugs of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.tests.cli.conftest import FLOW, ZOO, Harness


def _toml(flows: Path, command: str, extra: str = "") -> str:
    lines = [f'{name} = "{command}"' for name in ("visitor_to_lead", "visitor_to_user", "lead_to_user")]
    (flows / "shop.toml").write_text("\n".join(["[pipeline]", *lines, extra]))
    return "shop.toml"


@pytest.mark.parametrize(
    ("script", "extra", "told"),
    [
        (
            "echo no visitor given >&2; exit 3",
            "",
            ["failed before it asked Intercom anything: it ended with exit status 3", "no visitor given"],
        ),
        ("kill -ABRT $$", "", ["failed before it asked Intercom anything: it was ended by SIGABRT"]),
        ("echo waiting >&2; sleep 30", "time_limit = 0.2", ["it did not end within 0.2 s", "waiting"]),
        (
            "head -c 300 /dev/urandom; echo done",
            "",
            ["it is still there", "no request of the pipeline reached the gateway", "done"],
        ),
        (
            "echo '{not json'; exit 0",
            "",
            ["it is still there", "no request of the pipeline reached the gateway", "{not json"],
        ),
    ],
)
def test_a_command_that_crashes_hangs_or_prints_garbage_is_refuted_and_the_run_goes_on(
    harness: Harness, flows: Path, script: str, extra: str, told: list[str]
) -> None:
    """With what it said; the second scenario is run as well."""
    (flows / "step.sh").write_text(script)
    ran = harness("run", FLOW, "--pipeline", _toml(flows, "sh step.sh", extra))
    assert (ran.code, ran.err) == (1, "")
    assert "0 proved  2 refuted" in ran.out
    assert all(part in ran.out for part in told)


@pytest.mark.parametrize(
    ("name", "told"), [("wrong_answers:Crashes", "KeyError: 'visitor_uuid'"), ("wrong_answers:Hangs", "within 0.2 s")]
)
def test_a_python_pipeline_that_crashes_or_hangs_is_refuted_and_the_run_goes_on(
    harness: Harness, name: str, told: str
) -> None:
    """The trace of its own code is shown, and none of the harness's."""
    ran = harness("run", FLOW, "--pipeline", f"{ZOO}.{name}")
    assert ran.code == 1
    assert "0 proved  2 refuted" in ran.out
    assert told in ran.out
    assert "python_object.py" not in ran.out


def test_the_time_limit_can_be_given_on_the_command_line(harness: Harness, flows: Path) -> None:
    """It overrides the pipeline's own."""
    pipeline = _toml(flows, "sleep 30", "time_limit = 20")
    ran = harness("run", FLOW, "-k", "user_id", "--time-limit", "0.2", "--pipeline", pipeline)
    assert "it did not end within 0.2 s" in ran.out


def test_a_scenario_with_a_bug_of_its_own_is_no_proof(harness: Harness, flows: Path) -> None:
    """An exception in the scenario's function is shown with its place."""
    (flows / "scenarios" / "buggy.py").write_text("def test_x(people, pipeline, verify):\n    people.leed()\n")
    ran = harness("run", "scenarios/buggy.py")
    assert ran.code != 0
    assert "AttributeError: 'People' object has no attribute 'leed'" in ran.out
    assert "buggy.py:2" in ran.out


def test_a_scenario_that_claims_nothing_is_refuted(harness: Harness, flows: Path) -> None:
    """Silence is failure."""
    (flows / "scenarios" / "silent.py").write_text(
        "def test_x(people, pipeline, verify):\n    pipeline.visitor_to_lead(people.visitor())\n"
    )
    ran = harness("run", "scenarios/silent.py")
    assert ran.code == 1
    assert "the scenario claims something" in ran.out
    assert "a scenario that claims nothing proves nothing" in ran.out
