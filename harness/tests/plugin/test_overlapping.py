"""Requests of one call that overlap: they are written in one form, and replay in any order by themselves."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cassette import load
from harness.tests.support.shop_project import ShopProject, shop_project

PATHS = ["/me", "/tags", "/contacts", "/companies", "/segments", "/subscription_types"]

PYTHON = f'''
    import asyncio, os, random, time
    from concurrent.futures import ThreadPoolExecutor
    import httpx, requests

    PATHS = {PATHS}
    HEADERS = {{"Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"], "Intercom-Version": "2.14"}}
    URL = os.environ["INTERCOM_BASE_URL"]

    def convert(visitor):
        body = {{"visitor": {{"user_id": visitor.user_id}}, "type": "lead"}}
        requests.post(URL + "/visitors/convert", json=body, headers=HEADERS).raise_for_status()

    def read(path):
        time.sleep(random.uniform(0, 0.004))
        requests.get(URL + path, headers=HEADERS).raise_for_status()

    class Base:
        without = ("visitor_to_user", "lead_to_user")

    class Pool(Base):
        """Six reads by three workers, between two requests that come one after the other."""

        def visitor_to_lead(self, visitor):
            convert(visitor)
            with ThreadPoolExecutor(3) as pool:
                list(pool.map(read, PATHS))
            read("/admins")

    class Gather(Base):
        async def visitor_to_lead(self, visitor):
            async with httpx.AsyncClient(headers=HEADERS, base_url=URL) as client:
                async def get(path):
                    await asyncio.sleep(random.uniform(0, 0.004))
                    (await client.get(path)).raise_for_status()
                body = {{"visitor": {{"user_id": visitor.user_id}}, "type": "lead"}}
                (await client.post("/visitors/convert", json=body)).raise_for_status()
                await asyncio.gather(*map(get, PATHS))
                await get("/admins")
'''

CONVERT_BY_CURL = """
    curl -sf -o /dev/null -H "Authorization: Bearer $AT" -H 'Intercom-Version: 2.14' \\
        -H 'Content-Type: application/json' "$INTERCOM_BASE_URL/visitors/convert" \\
        -d "{\\"visitor\\": {\\"user_id\\": \\"$1\\"}, \\"type\\": \\"lead\\"}"
"""

XARGS = f"""{CONVERT_BY_CURL}
    printf '%s\\n' {" ".join(PATHS)} | xargs -P 6 -I{{}} \\
        curl -sf -o /dev/null -H "Authorization: Bearer $AT" -H 'Intercom-Version: 2.14' "$INTERCOM_BASE_URL{{}}"
"""

NODE = f"""
    const headers = {{Authorization: `Bearer ${{process.env.AT}}`, 'Intercom-Version': '2.14'}};
    const url = process.env.INTERCOM_BASE_URL;
    const send = async (path, body) => {{
      const typed = {{...headers, 'Content-Type': 'application/json'}};
      const post = {{method: 'POST', body: JSON.stringify(body), headers: typed}};
      const options = body ? post : {{headers}};
      const answer = await fetch(url + path, options);
      if (!answer.ok) throw new Error(`${{path}} ${{answer.status}}`);
      await answer.text();
    }};
    (async () => {{
      await send('/visitors/convert', {{visitor: {{user_id: process.argv[2]}}, type: 'lead'}});
      await Promise.all({PATHS}.map((path) => send(path)));
      await send('/admins');
    }})();
"""

TOML = '[pipeline]\nvisitor_to_lead = "COMMAND {visitor.user_id}"\nwithout = ["visitor_to_user", "lead_to_user"]\n'
WAYS = {"pool": "shop:Pool", "gather": "shop:Gather", "xargs": "xargs.toml", "node": "node.toml"}


def _project(folder: Path) -> ShopProject:
    return shop_project(
        folder,
        {
            "shop.py": PYTHON,
            "xargs.sh": XARGS,
            "node.cjs": NODE,
            "xargs.toml": TOML.replace("COMMAND", "sh xargs.sh"),
            "node.toml": TOML.replace("COMMAND", "node node.cjs"),
        },
    )


@pytest.mark.parametrize("way", WAYS)
def test_recordings_are_equal_to_the_byte_and_replay(
    tmp_path: Path, way: str, count: Callable[[int, int], int]
) -> None:
    """By a pool of threads, gather, processes and Promise.all."""
    if way == "node" and shutil.which("node") is None:
        pytest.skip("needs client: node")
    project, written, path = _project(tmp_path), set(), tmp_path
    for _ in range(count(2, 20)):
        ran = project.pytest("scenarios", "--against", "sandbox", "--pipeline", WAYS[way], "--record")
        assert ran.code == 0, ran.out
        (path,) = (tmp_path / "cassettes").rglob("*.json")
        written.add(path.read_bytes())
    assert len(written) == 1
    asked = [found for found in load(path).interactions if found.caller == "pipeline" and found.step == "when"]
    assert asked[0].request.path == "/visitors/convert"
    assert asked[0].block == ""
    assert {found.request.path for found in asked if found.block} == set(PATHS)
    for _ in range(count(2, 20)):
        ran = project.pytest("scenarios", "--pipeline", WAYS[way])
        assert ran.code == 0, ran.out


def test_what_came_one_after_another_stays_strict(tmp_path: Path) -> None:
    """The message says what came in order when it was recorded, which overlapped, and what to do."""
    project = _project(tmp_path)
    assert project.pytest("scenarios", "--against", "sandbox", "--pipeline", "shop:Pool", "--record").code == 0
    changed = PYTHON.replace("convert(visitor)\n            with", "read('/admins')\n            with")
    changed = changed.replace('            read("/admins")\n', "            convert(visitor)\n")
    project.write({"shop.py": changed})
    ran = project.pytest("scenarios", "--pipeline", "shop:Pool")
    assert ran.code == 1
    assert "GET /admins [2.14] (pipeline, when): the cassette has this request later" in ran.out
    assert "7 recorded request(s) come before it" in ran.out
    assert "overlapped when it was recorded" in ran.out
