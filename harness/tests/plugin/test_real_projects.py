"""Small projects as people have them: recorded, replayed, under two workers, and their own unit tests unharmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from harness.tests.support.shop_project import CONVERTS, SCENARIO, shop_project

DJANGO = {
    "shopsite/__init__.py": "",
    "shopsite/settings.py": """
        import os
        SECRET_KEY = "test"
        INSTALLED_APPS = ["crm"]
        DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
        DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
        INTERCOM_TOKEN = os.environ.get("SHOP_INTERCOM_TOKEN", "none")
    """,
    "crm/__init__.py": "",
    "crm/models.py": """
        from django.db import models

        class Signup(models.Model):
            visitor = models.CharField(max_length=100)
            converted = models.BooleanField(default=False)
    """,
    "crm/pipeline.py": """
        import os, requests
        from crm.models import Signup

        class Pipeline:
            without = ("visitor_to_user", "lead_to_user")

            def visitor_to_lead(self, visitor):
                signup = Signup.objects.get(visitor=visitor.user_id)
                headers = {"Authorization": "Bearer " + os.environ["SHOP_INTERCOM_TOKEN"], "Intercom-Version": "2.14"}
                body = {"visitor": {"user_id": signup.visitor}, "type": "lead"}
                requests.post("https://api.intercom.io/visitors/convert", json=body, headers=headers).raise_for_status()
                signup.converted = True
                signup.save()
    """,
    "conftest.py": """
        import pytest

        @pytest.fixture
        def shop_pipeline(db):
            from crm.pipeline import Pipeline
            return Pipeline()
    """,
    "scenarios/leads.py": """
        def test_a_signup_becomes_a_lead(people, pipeline, verify):
            \"\"\"A visitor who signed up becomes a lead, and the row says so.\"\"\"
            from crm.models import Signup
            visitor = people.visitor()
            Signup.objects.create(visitor=visitor.user_id)
            assert pipeline.visitor_to_lead(visitor).trouble is None
            assert Signup.objects.get(visitor=visitor.user_id).converted
            verify.became_lead(visitor)
    """,
    "test_unit.py": """
        import os
        import pytest

        @pytest.mark.django_db
        def test_signup():
            from crm.models import Signup
            assert Signup.objects.count() == 0
            assert "SHOP_INTERCOM_TOKEN" not in os.environ
    """,
    "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = shopsite.settings\npythonpath = .\naddopts = --no-migrations\n",
}

FASTAPI = {
    "service.py": """
        import os
        import httpx
        from fastapi import Depends, FastAPI

        app = FastAPI()

        def token():
            return os.environ["INTERCOM_ACCESS_TOKEN"]

        @app.post("/leads/{visitor}")
        async def convert(visitor: str, token: str = Depends(token)):
            headers = {"Authorization": "Bearer " + token, "Intercom-Version": "2.14"}
            async with httpx.AsyncClient(base_url="https://api.intercom.io", headers=headers) as client:
                body = {"visitor": {"user_id": visitor}, "type": "lead"}
                answer = await client.post("/visitors/convert", json=body)
                answer.raise_for_status()
                return answer.json()
    """,
    "conftest.py": """
        import pytest

        class Pipeline:
            without = ("visitor_to_user", "lead_to_user")

            async def visitor_to_lead(self, visitor):
                import httpx
                from service import app
                transport = httpx.ASGITransport(app)
                async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
                    answer = await client.post(f"/leads/{visitor.user_id}")
                    answer.raise_for_status()
                    return answer.json()

        @pytest.fixture
        def shop_pipeline():
            return Pipeline()
    """,
    "test_unit.py": """
        import httpx, respx
        from service import app, token

        @respx.mock
        def test_the_route_with_a_mock():
            import asyncio
            route = respx.post("https://api.intercom.io/visitors/convert").respond(json={"id": "1"})
            app.dependency_overrides[token] = lambda: "ours"

            async def ask():
                async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.test") as client:
                    return (await client.post("/leads/1")).json()

            assert asyncio.run(ask()) == {"id": "1"}
            assert route.called
            app.dependency_overrides.clear()
    """,
    "pytest.ini": "[pytest]\npythonpath = .\n",
}

FLASK = {
    "shopapp.py": """
        import os, requests
        from flask import Flask, current_app
        from sqlalchemy import create_engine, text

        def create_app(database="sqlite://"):
            app = Flask("shop")
            app.engine = create_engine(database)
            with app.engine.begin() as connection:
                connection.execute(text("create table leads (visitor text)"))

            @app.post("/leads/<visitor>")
            def convert(visitor):
                headers = {"Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"], "Intercom-Version": "2.14"}
                body = {"visitor": {"user_id": visitor}, "type": "lead"}
                url = os.environ["INTERCOM_BASE_URL"] + "/visitors/convert"
                requests.post(url, json=body, headers=headers).raise_for_status()
                with current_app.engine.begin() as connection:
                    connection.execute(text("insert into leads values (:visitor)"), {"visitor": visitor})
                return {"visitor": visitor}
            return app

        class Client:
            without = ("visitor_to_user", "lead_to_user")

            def __init__(self, app):
                self.app = app

            def visitor_to_lead(self, visitor):
                answer = self.app.test_client().post(f"/leads/{visitor.user_id}")
                assert answer.status_code == 200
    """,
    "conftest.py": """
        import pytest

        @pytest.fixture
        def shop_pipeline():
            from shopapp import Client, create_app
            return Client(create_app())
    """,
    "test_unit.py": """
        def test_the_app_has_a_table():
            from shopapp import create_app
            from sqlalchemy import text
            with create_app().engine.begin() as connection:
                assert connection.execute(text("select count(*) from leads")).scalar() == 0
    """,
    "pytest.ini": "[pytest]\npythonpath = .\n",
}

TRIO = {
    "script.py": """
        import os
        import httpx, trio

        async def convert(user_id):
            headers = {"Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"], "Intercom-Version": "2.14"}
            async with httpx.AsyncClient(base_url=os.environ["INTERCOM_BASE_URL"], headers=headers) as client:
                body = {"visitor": {"user_id": user_id}, "type": "lead"}
                (await client.post("/visitors/convert", json=body)).raise_for_status()

        async def main(user_id):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(convert, user_id)
    """,
    "conftest.py": """
        import pytest

        class Pipeline:
            without = ("visitor_to_user", "lead_to_user")

            def visitor_to_lead(self, visitor):
                import script, trio
                trio.run(script.main, visitor.user_id)

        @pytest.fixture
        def shop_pipeline():
            return Pipeline()
    """,
    "test_unit.py": """
        import trio

        def test_trio():
            assert trio.run(trio.sleep, 0) is None
    """,
    "pytest.ini": "[pytest]\npythonpath = .\n",
}

PROJECTS: Mapping[str, tuple[Mapping[str, str], Sequence[str]]] = {
    "django": (DJANGO, ["django"]),
    "fastapi": (FASTAPI, ["respx"]),
    "flask": (FLASK, []),
    "trio": (TRIO, []),
}

ENV = 'env = {SHOP_INTERCOM_TOKEN = "{token}"}\n'


@pytest.mark.parametrize("name", PROJECTS)
def test_a_small_project_is_recorded_replayed_and_unharmed(tmp_path: Path, name: str) -> None:
    """With its own unit tests in the same session, and under two workers."""
    files, plugins = PROJECTS[name]
    usual = {"scenarios/leads.py": SCENARIO, "shop.py": CONVERTS, "harness.toml": ENV}
    project = shop_project(tmp_path, {**usual, **files})
    pipeline = ["--pipeline", "fixture:shop_pipeline"]
    recorded = project.pytest(
        "scenarios", "test_unit.py", "--against", "sandbox", *pipeline, "--record", plugins=plugins
    )
    assert recorded.code == 0, recorded.out
    assert "2 passed" in recorded.out
    replayed = project.pytest("test_unit.py", "scenarios", *pipeline, plugins=plugins)
    assert replayed.code == 0, replayed.out
    shared = project.pytest("scenarios", "test_unit.py", *pipeline, "-n", "2", plugins=[*plugins, "xdist"])
    assert shared.code == 0, shared.out
