"""pytest's own words in scenarios, and other people's plugins beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.tests.support.shop_project import CONVERTS, SCENARIO, shop_project

LIVE = ("--against", "sandbox", "--pipeline", "shop:Pipeline")

REFUTED = '''
    import pytest
    from harness.verification import NotProved

    def test_in_raises(people, pipeline, verify):
        """A claim is refuted inside pytest.raises."""
        visitor = people.visitor()
        pipeline.visitor_to_lead(visitor)
        with pytest.raises(NotProved):
            verify.untouched(visitor)

    @pytest.mark.xfail(reason="the shop's ticket 17", strict=True)
    def test_expected_to_fail(people, pipeline, verify):
        """A claim is refuted in an xfail."""
        visitor = people.visitor()
        pipeline.visitor_to_lead(visitor)
        verify.untouched(visitor)

    def test_in_a_subtest(people, pipeline, verify, subtests):
        """A claim is refuted in a subtest."""
        visitor = people.visitor()
        pipeline.visitor_to_lead(visitor)
        with subtests.test("untouched"):
            verify.untouched(visitor)

    def test_plain(people, pipeline):
        """Only a plain assert."""
        assert pipeline.visitor_to_lead(people.visitor()).trouble is None
'''


def test_a_refuted_claim_is_never_recorded_whatever_pytest_makes_of_it(tmp_path: Path) -> None:
    """In pytest.raises, in an xfail, in a subtest; and a scenario without a claim says what to add."""
    project = shop_project(tmp_path, {"scenarios/leads.py": REFUTED})
    ran = project.pytest("scenarios", *LIVE, "--record", "-rx")
    assert list((tmp_path / "cassettes").rglob("*.json")) == []
    assert "XFAIL scenarios/leads.py::test_expected_to_fail - the shop's ticket 17" in ran.out
    assert "plain asserts say nothing of Intercom, so add a claim after the call" in ran.out
    shown = project.harness("run", "scenarios", "-k", "expected", "--pipeline", "shop:Pipeline")
    assert "xfail: the shop's ticket 17" in shown.out


def test_exiting_with_0_is_no_failure_of_the_scenario(tmp_path: Path) -> None:
    """A script's main often ends so."""
    exits = CONVERTS.replace("return convert(visitor)", "convert(visitor); raise SystemExit(0)")
    project = shop_project(tmp_path, {"shop.py": exits})
    assert project.pytest("scenarios", *LIVE).code == 0


@pytest.mark.parametrize(
    ("plugin", "options"),
    [
        ("repeat", ["--count", "2"]),
        ("randomly", ["-p", "randomly"]),
        ("rerunfailures", ["--reruns", "1"]),
        ("timeout", ["--timeout", "60"]),
        ("pytest_cov", ["--cov", "shop"]),
        ("xdist", ["-n", "2"]),
    ],
)
def test_beside_another_plugin_a_replay_passes_and_no_good_cassette_is_called_an_orphan(
    tmp_path: Path, plugin: str, options: list[str]
) -> None:
    """Nor is deleting one ever advised."""
    two = SCENARIO + SCENARIO.replace("test_a_visitor", "test_another_visitor")
    project = shop_project(tmp_path, {"scenarios/leads.py": two})
    assert project.pytest("scenarios", *LIVE, "--record").code == 0
    ran = project.pytest("scenarios", "--pipeline", "shop:Pipeline", *options, plugins=[plugin])
    assert ran.code == 0, ran.out
    assert "no scenario plays" not in ran.out
