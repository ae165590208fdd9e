"""Pipelines as people have them: classes, factories with arguments, modules, fixtures; and what is wrong with some."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.core.errors import Problem
from harness.pipeline import load_pipeline
from harness.tests.support.shop_project import CONVERTS, SCENARIO, ShopProject, shop_project

KINDS = """
    import os
    import requests

    class Api:
        without = ("visitor_to_user", "lead_to_user")

        def __init__(self, workspace, token="none", base_url=""):
            assert workspace == "eu"
            self.token, self.base_url = token, base_url

        def visitor_to_lead(self, visitor):
            headers = {"Authorization": "Bearer " + self.token, "Intercom-Version": "2.14"}
            body = {"visitor": {"user_id": visitor.user_id}, "type": "lead"}
            requests.post(self.base_url + "/visitors/convert", json=body, headers=headers).raise_for_status()

    def make(workspace, **more):
        return Api(workspace, **more)

    async def make_later(workspace, **more):
        return Api(workspace, **more)

    def make_nothing():
        raise RuntimeError("no settings")
"""

CONFTEST = """
    import pytest
    import kinds

    @pytest.fixture
    def settings_of_the_shop(monkeypatch):
        monkeypatch.setenv("SHOP_WORKSPACE", "eu")

    @pytest.fixture
    def intercom_pipeline(settings_of_the_shop):
        from os import environ
        return kinds.Api(environ["SHOP_WORKSPACE"], environ["INTERCOM_ACCESS_TOKEN"], environ["INTERCOM_BASE_URL"])
"""

ARGUMENTS = 'arguments = {workspace = "eu", token = "{token}", base_url = "{base_url}"}'


def test_each_kind_is_found_and_played(tmp_path: Path) -> None:
    """A class and factories with arguments of the configuration, a module, a fixture that uses others."""
    files = {"kinds.py": KINDS, "conftest.py": CONFTEST, "shop/__init__.py": "", "shop/leads.py": f"""{CONVERTS}
    without = Pipeline.without
    visitor_to_lead = Pipeline().visitor_to_lead
"""}  # fmt: skip
    project = shop_project(tmp_path, files)
    (tmp_path / "shop.py").unlink()
    tables = {
        "class": f'object = "kinds:Api"\n{ARGUMENTS}',
        "factory": f'object = "kinds:make"\n{ARGUMENTS}\nname = "eu"',
        "later": f'object = "kinds:make_later"\n{ARGUMENTS}',
        "module": 'object = "shop:leads"',
        "fixture": 'fixture = "intercom_pipeline"',
    }
    for name, table in tables.items():
        project.write({f"{name}.toml": f"[pipeline]\n{table}\n"})
        ran = project.pytest("scenarios", "--against", "sandbox", "--pipeline", f"{name}.toml")
        assert ran.code == 0, f"{name}: {ran.out}"
        assert "1 passed" in ran.out
    ran = project.harness("run", "scenarios", "--pipeline", "fixture:intercom_pipeline")
    assert ran.code == 0, ran.out


def test_a_fixture_gives_the_pipeline_to_the_stock_scenarios(tmp_path: Path) -> None:
    """They lie outside of the project; its settings, its conftest and its code are found, also from a folder below."""
    conftest = """
        import pytest

        @pytest.fixture
        def shop_pipeline(request, tmp_path):
            assert request.config.getini("markers")[0].startswith("shop")
            from shop import Pipeline
            return Pipeline()
    """
    settings = "[pytest]\nmarkers =\n    shop: of the shop's own\n"
    project = shop_project(tmp_path, {"conftest.py": conftest, "pytest.ini": settings, "below/a.txt": ""})
    project.write({"harness.toml": '[pipeline]\nfixture = "shop_pipeline"\n'})
    for folder in (project, ShopProject(tmp_path / "below")):
        ran = folder.harness("run", "stock:visitor_to_lead.py", "-k", "visitor_becomes_a_lead")
        assert ran.code == 0, ran.out
        assert "2 proved" in ran.out


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('object = "kinds:Api"', ["the class Api cannot be made without arguments", "arguments = {"]),
        (
            'object = "kinds:make"\narguments = {workspaces = "eu"}',
            ["make does not take the arguments of the configuration", "make(workspace, **more)", "given: workspaces"],
        ),
        ('object = "kinds:make_nothing"', ["make_nothing failed", "RuntimeError: no settings"]),
        ('object = "kinds:Apis"', ["there is no 'Apis' in kinds"]),
        ('object = "kinds:Api"\nfixture = "x"', ["it has object and fixture"]),
        ('fixture = "not a name"', ["'not a name' is no name of a fixture"]),
        ('object = "kinds:make"\narguments = ["eu"]', ["arguments must be a table"]),
        (
            'object = "kinds:make"\narguments = {workspace = "eu"}\nasync_backend = "curio"',
            ["there is no async_backend 'curio'"],
        ),
    ],
)
def test_what_is_wrong_with_one_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, said: list[str]
) -> None:
    """In one message that names it and the remedy."""
    shop_project(tmp_path, {"kinds.py": KINDS, "pipeline.toml": f"[pipeline]\n{table}\n"})
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "kinds", raising=False)
    with pytest.raises(Problem) as caught:
        load_pipeline("pipeline.toml")
    for part in said:
        assert part in str(caught.value)


def test_a_fixture_that_does_not_exist_is_one_message(tmp_path: Path) -> None:
    """It names the fixture and where to define it."""
    project = shop_project(tmp_path, {"scenarios/leads.py": SCENARIO})
    ran = project.pytest("scenarios", "--against", "sandbox", "--pipeline", "fixture:nobody")
    assert ran.code == 1
    assert "there is no fixture 'nobody' that could give the pipeline" in ran.out
    assert "Traceback" not in ran.out
