"""Asynchronous pipelines in any scenario, and asynchronous scenarios with any pipeline."""

from __future__ import annotations

from pathlib import Path

from harness.tests.support.shop_project import SCENARIO, shop_project

LIVE = ("--against", "sandbox", "--pipeline")

PIPELINES = """
    import asyncio, os
    import httpx, requests

    HEADERS = {"Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"], "Intercom-Version": "2.14"}

    def body(visitor):
        return {"visitor": {"user_id": visitor.user_id}, "type": "lead"}

    class Base:
        without = ("visitor_to_user", "lead_to_user")
        client = None

    class Httpx(Base):
        async def visitor_to_lead(self, visitor):
            if Httpx.client is None:  # one client for all calls, as a program has one
                transport = httpx.AsyncHTTPTransport(retries=1)
                Httpx.client = httpx.AsyncClient(trust_env=False, mounts={"https://": transport}, headers=HEADERS)
            answer = await Httpx.client.post("https://api.intercom.io/visitors/convert", json=body(visitor))
            assert answer.status_code in (200, 404)

    class Aiohttp(Base):
        async def visitor_to_lead(self, visitor):
            import aiohttp
            async with aiohttp.ClientSession(headers=HEADERS) as session:
                url = os.environ["INTERCOM_BASE_URL"] + "/visitors/convert"
                async with session.post(url, json=body(visitor), expect100=True) as answer:
                    assert answer.status in (200, 404)

    class Trio(Base):
        async_backend = "trio"

        async def visitor_to_lead(self, visitor):
            import trio
            with trio.fail_after(20):
                async with httpx.AsyncClient(headers=HEADERS) as client:
                    url = os.environ["INTERCOM_BASE_URL"] + "/visitors/convert"
                    (await client.post(url, json=body(visitor))).raise_for_status()

    class Uvloop(Httpx):
        async def visitor_to_lead(self, visitor):
            import uvloop
            assert isinstance(asyncio.get_running_loop(), uvloop.Loop)
            await super().visitor_to_lead(visitor)

    class Plain(Base):
        def visitor_to_lead(self, visitor):
            url = os.environ["INTERCOM_BASE_URL"] + "/visitors/convert"
            assert requests.post(url, json=body(visitor), headers=HEADERS).status_code in (200, 404)

    class Hangs(Base):
        time_limit = 0.3

        async def visitor_to_lead(self, visitor):
            await asyncio.Event().wait()

    class LeavesATask(Httpx):
        async def visitor_to_lead(self, visitor):
            async def later():
                await asyncio.sleep(0.2)
                await super(LeavesATask, self).visitor_to_lead(visitor)
            self.task = asyncio.create_task(later())
            await super().visitor_to_lead(visitor)
"""

ASYNCHRONOUS = '''
    import pytest

    MARK
    async def test_a_visitor_becomes_a_lead(people, pipeline, verify):
        """A visitor becomes a lead."""
        visitor = people.visitor()
        await pipeline.visitor_to_lead(visitor)
        verify.became_lead(visitor)

    MARK
    async def test_two_at_once(people, pipeline, verify):
        """A visitor whom two workers convert at the same time becomes one lead."""
        visitor = people.visitor()
        answers = await pipeline.together(
            lambda: pipeline.visitor_to_lead(visitor), lambda: pipeline.visitor_to_lead(visitor)
        )
        assert [answer.trouble for answer in answers] == [None, None]
        verify.became_lead(visitor)
'''


def _twice() -> str:
    return SCENARIO + SCENARIO.replace("test_a_visitor", "test_another_visitor")


def test_what_a_call_returned_is_run_to_its_end(tmp_path: Path) -> None:
    """By asyncio, by trio, with one client kept between calls; a task that was left running is ended."""
    project = shop_project(tmp_path, {"shop.py": PIPELINES, "scenarios/leads.py": _twice()})
    for name in ("Httpx", "Aiohttp", "Trio", "LeavesATask"):
        ran = project.pytest("scenarios", *LIVE, f"shop:{name}")
        assert ran.code == 0, f"{name}: {ran.out}"
        assert "2 passed" in ran.out


def test_a_call_that_never_comes_to_its_end_is_ended(tmp_path: Path) -> None:
    """At the time limit, and the next scenario has a loop all the same."""
    project = shop_project(tmp_path, {"shop.py": PIPELINES, "scenarios/leads.py": _twice()})
    ran = project.pytest("scenarios", *LIVE, "shop:Hangs")
    assert ran.code == 1
    assert ran.out.count("it did not come back within 0.3 s") >= 2


def test_asynchronous_scenarios_under_pytest_asyncio(tmp_path: Path) -> None:
    """Calls are awaited on the scenario's own loop, also those of a pipeline that is not asynchronous."""
    scenarios = ASYNCHRONOUS.replace("MARK", "@pytest.mark.asyncio")
    project = shop_project(tmp_path, {"shop.py": PIPELINES.replace("if Httpx.client is None", "if True")})
    project.write({"scenarios/leads.py": scenarios})
    for name in ("Httpx", "Plain", "Aiohttp"):
        ran = project.pytest("scenarios", *LIVE, f"shop:{name}", "--record", plugins=["asyncio"])
        assert ran.code == 0, f"{name}: {ran.out}"
    ran = project.pytest("scenarios", "--pipeline", "shop:Httpx", plugins=["asyncio"])
    assert "2 passed" in ran.out


def test_asynchronous_scenarios_under_anyio(tmp_path: Path) -> None:
    """On asyncio, on uvloop and on trio."""
    backends = """
    @pytest.fixture(params=["asyncio", "trio"])
    def anyio_backend(request):
        return request.param
"""
    scenarios = ASYNCHRONOUS.replace("MARK", "@pytest.mark.anyio") + backends
    project = shop_project(tmp_path, {"shop.py": PIPELINES.replace("if Httpx.client is None", "if True")})
    project.write({"scenarios/leads.py": scenarios})
    ran = project.pytest("scenarios", *LIVE, "shop:Httpx", plugins=["anyio"])
    assert ran.code == 0, ran.out
    assert "4 passed" in ran.out
    on_uvloop = scenarios.replace('["asyncio", "trio"]', '[("asyncio", {"use_uvloop": True})]')
    project.write({"scenarios/leads.py": on_uvloop})
    ran = project.pytest("scenarios", *LIVE, "shop:Uvloop", plugins=["anyio"])
    assert ran.code == 0, ran.out
    assert "2 passed" in ran.out


def test_a_missing_await_is_an_error_of_its_own(tmp_path: Path) -> None:
    """It says so, whatever the claims say, and also where the answer is used."""
    scenarios = ASYNCHRONOUS.replace("MARK", "@pytest.mark.asyncio").replace(
        "await pipeline.visitor", "pipeline.visitor"
    )
    used = scenarios.replace("answers = await pipeline.together", "answers = pipeline.together")
    project = shop_project(tmp_path, {"shop.py": PIPELINES, "scenarios/leads.py": used})
    ran = project.pytest("scenarios", *LIVE, "shop:Httpx", plugins=["asyncio"])
    assert ran.code == 1
    assert "pipeline.visitor_to_lead(visitor) was not awaited: the pipeline was not asked" in ran.out
    assert "remedy: write: await pipeline.visitor_to_lead(visitor)" in ran.out
    assert "pipeline.together(… 2 calls …) was not awaited" in ran.out
