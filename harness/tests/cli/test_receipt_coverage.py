"""What a receipt covers: the files that code under test really read, lock files, versions; signatures; shards."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from harness.config import SIGNING_KEY
from harness.tests.support.shop_project import ShopProject, shop_project

COMMANDS = Path(__file__).resolve().parents[2] / "zoo" / "commands"
WITHOUT = 'without = ["visitor_to_user", "lead_to_user"]\n'
NODE = "require('./lib/rules.cjs'); require('fs').readFileSync(__dirname + '/lib/template.txt');\n"
MODULE = (
    "import { readFileSync } from 'node:fs'; import './lib/rules.mjs';\n"
    "readFileSync(new URL('./lib/template.txt', import.meta.url)); await import('./convert.cjs');\n"
)
PYTHON = """
    import json, os, pathlib, sys, urllib.request

    sys.path.insert(0, "lib")
    import rules

    pathlib.Path("lib/template.txt").read_text()
    open("calls.log", "a").write("called")
    headers = {
        "Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"],
        "Intercom-Version": "2.14",
        "Content-Type": "application/json",
    }
    body = json.dumps({"visitor": {"user_id": sys.argv[1]}, "type": "lead"}).encode()
    url = os.environ["INTERCOM_BASE_URL"] + "/visitors/convert"
    print(urllib.request.urlopen(urllib.request.Request(url, body, headers)).read().decode())
"""
OBJECT = """
    import pathlib
    from lib.rules import LIMIT
    from shop import Pipeline as Sound

    class Pipeline(Sound):
        def visitor_to_lead(self, visitor):
            import lib.late
            pathlib.Path("lib/template.txt").read_text()
            return super().visitor_to_lead(visitor)
"""
LATE = "import lib.late, os"
SCENARIO = '''
    def test_a_visitor_becomes_a_lead(people, pipeline, verify):
        """A visitor becomes a lead."""
        visitor = people.visitor()
        pipeline.visitor_to_lead(visitor)
        verify.became_lead(visitor)
'''


def _configuration(line: str, more: str = "") -> str:
    return f'stock_scenarios = false\n[pipeline]\n{WITHOUT}visitor_to_lead = "{line}"\n{more}'


def _node(folder: Path, main: str, script: str) -> ShopProject:
    project = shop_project(
        folder,
        {
            "harness.toml": _configuration(f"node {main} visitor_to_lead {{visitor.user_id}}"),
            "lib/rules.cjs": "module.exports = 1;\n",
            "lib/rules.mjs": "export default 1;\n",
            "lib/template.txt": "text\n",
            "package.json": '{"name": "shop"}\n',
            "package-lock.json": "{}\n",
        },
    )
    for name in ("node_fetch.cjs", "intercom.cjs"):
        shutil.copy(COMMANDS / name, folder / name.replace("node_fetch", "convert"))
    if main == "convert.cjs":
        script += (folder / main).read_text()
    (folder / main).write_text(script)
    return project


def _python(folder: Path) -> ShopProject:
    line = f"'{sys.executable}' convert.py {{visitor.user_id}}"
    files = {"convert.py": PYTHON, "lib/rules.py": "LIMIT = 1\n", "lib/template.txt": "text\n", "uv.lock": "\n"}
    return shop_project(folder, {"harness.toml": _configuration(line), **files})


def _object(folder: Path) -> ShopProject:
    files = {
        "harness.toml": 'stock_scenarios = false\npipeline = "convert:Pipeline"\n',
        "convert.py": OBJECT,
        "lib/__init__.py": "",
        "lib/rules.py": "LIMIT = 1\n",
        "lib/late.py": "\n",
        "lib/template.txt": "text\n",
        "poetry.lock": "\n",
        "conftest.py": "\n",
    }
    return shop_project(folder, files)


PROJECTS: dict[str, tuple[Any, tuple[str, ...], str]] = {
    "node": (
        lambda folder: _node(folder, "convert.cjs", NODE),
        ("convert.cjs", "intercom.cjs", "lib/rules.cjs", "lib/template.txt"),
        "package-lock.json",
    ),
    "node's modules": (
        lambda folder: _node(folder, "main.mjs", MODULE),
        ("main.mjs", "convert.cjs", "intercom.cjs", "lib/rules.mjs", "lib/template.txt"),
        "package-lock.json",
    ),
    "python": (_python, ("convert.py", "lib/rules.py", "lib/template.txt"), "uv.lock"),
    "object": (
        _object,
        ("convert.py", "shop.py", "lib/rules.py", "lib/__init__.py", "lib/late.py", "lib/template.txt", "conftest.py"),
        "poetry.lock",
    ),
}


def _receipt(folder: Path, name: str = "receipt.json") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / name).read_text())
    return found


@pytest.mark.parametrize("kind", PROJECTS)
def test_a_change_of_whatever_was_read_is_named(kind: str, tmp_path: Path) -> None:
    """A fresh receipt is valid; each file that was imported or opened, a lock file and the configuration count."""
    make, files, lock = PROJECTS[kind]
    project = make(tmp_path)
    ran = project.harness("run", "--receipt", "receipt.json")
    assert ran.code == 0, ran.out
    checked = project.harness("receipt", "check", "receipt.json")
    assert (checked.code, checked.out.endswith("valid\n")) == (0, True), checked.out
    covered = {*files, *(["harness.toml"] if kind != "object" else [])}
    assert set(_receipt(tmp_path)["pipeline"]["files"]) == covered
    assert _receipt(tmp_path)["not_covered"] == []
    kinds = {**dict.fromkeys(files, "pipeline"), lock: "lock", "harness.toml": "configuration"}
    for name in kinds:
        with (tmp_path / name).open("a") as file:
            file.write("\n")
    told = project.harness("receipt", "check", "receipt.json").out
    for name, what in {**kinds, "scenarios/leads.py": "scenario"}.items():
        assert (f"{what}: {name} was changed" in told) == (name in kinds), told


def test_several_processes_read_what_one_reads(tmp_path: Path) -> None:
    """A receipt of `-n 2` covers the same files as one of a single process."""
    project = _object(tmp_path)
    project.write({"scenarios/more.py": SCENARIO})
    for number in ("1", "2"):
        assert project.harness("run", "-n", number, "--receipt", f"{number}.json").code == 0
    one, two = (_receipt(tmp_path, f"{number}.json") for number in ("1", "2"))
    assert (one["pipeline"], one["runtimes"], one["scenario_files"]) == (
        two["pipeline"],
        two["runtimes"],
        two["scenario_files"],
    )


def test_a_receipt_is_valid_although_scenarios_were_not_run(tmp_path: Path) -> None:
    """Stock scenarios for want of an operation, and own modules of which nothing was played, are no change."""
    files = {
        "harness.toml": 'levels = ["flows"]\npipeline = "shop:Pipeline"\n',
        "scenarios/later.py": SCENARIO.replace("visitor_to_lead(visitor)", "lead_to_user(visitor, visitor)"),
    }
    project = shop_project(tmp_path, files)
    ran = project.harness("run", "--receipt", "receipt.json")
    assert (ran.code, "not run" in ran.out) == (0, True), ran.out
    assert set(_receipt(tmp_path)["scenario_files"]) >= {"scenarios/later.py", "stock:lead_to_user.py", "stock:jobs.py"}
    checked = project.harness("receipt", "check", "receipt.json")
    assert checked.code == 0, checked.out


def test_a_program_that_does_not_tell_needs_its_files_listed(tmp_path: Path) -> None:
    """The receipt says so; with `files` in the pipeline's table it does not."""
    program = tmp_path / "tool"
    program.write_text(f"#!{sys.executable} -I\nimport sys\n")
    program.chmod(0o755)
    project = shop_project(tmp_path, {"harness.toml": _configuration("./tool {visitor.user_id}")})
    project.harness("run", "--receipt", "receipt.json")
    (told,) = _receipt(tmp_path)["not_covered"]
    assert told.startswith("what tool reads is not seen: only Python and Node tell. List its files")
    assert told in project.harness("receipt", "check", "receipt.json").out
    project.write({"harness.toml": _configuration("./tool {visitor.user_id}", 'files = ["tool"]\n')})
    project.harness("run", "--receipt", "receipt.json")
    assert _receipt(tmp_path)["not_covered"] == []


def test_a_file_that_is_changed_during_the_run_makes_its_receipt_invalid(tmp_path: Path) -> None:
    """Which of the two states was tested is not known."""
    changing = OBJECT.replace(
        "import lib.late\n", "import lib.late, os\n            os.system('echo >> lib/rules.py')\n"
    )
    project = _object(tmp_path)
    project.write({"convert.py": changing})
    assert project.harness("run", "--receipt", "receipt.json").code == 0
    checked = project.harness("receipt", "check", "receipt.json")
    assert (checked.code, "lib/rules.py was changed while the run was under way" in checked.out) == (1, True)


def _keys() -> tuple[str, str, str]:
    """Make a private key as PEM, its public key as PEM, and that in base64."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return private, public, base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def test_a_signed_receipt_tells_who_signed_it(tmp_path: Path) -> None:
    """It is verified by a file or by the key itself; another key, and a receipt without signature, are told."""
    private, public, text = _keys()
    seen = OBJECT.replace(
        "import lib.late\n", f"import lib.late, os\n            assert '{SIGNING_KEY}' not in os.environ\n"
    )
    project = _object(tmp_path)
    project.write({"convert.py": seen})
    words = ["run", "--receipt", "receipt.json", "--sign"]
    ran = project.harness(*words, environment={SIGNING_KEY: private})
    assert ran.code == 0, ran.out
    (tmp_path / "key.pem").write_text(public)
    for key in ("key.pem", text):
        assert project.harness("receipt", "check", "receipt.json", "--signed-by", key).code == 0
    other = project.harness("receipt", "check", "receipt.json", "--signed-by", _keys()[2])
    assert (other.code, "it was not signed with this key, or was changed since" in other.out) == (1, True)
    receipt = _receipt(tmp_path)
    del receipt["signature"]
    (tmp_path / "plain.json").write_text(json.dumps(receipt))
    plain = project.harness("receipt", "check", "plain.json", "--signed-by", text)
    assert (plain.code, "it is not signed" in plain.out) == (1, True)
    assert project.harness("receipt", "check", "plain.json").code == 0
    bad = project.harness("receipt", "check", "receipt.json", "--signed-by", "no key")
    assert (bad.code, "this is no public Ed25519 key" in bad.out) == (2, True)


@pytest.mark.parametrize(("key", "told"), [("", "is not set"), ("c2hvcnQ=", "holds no Ed25519 key"), ("x", "holds no")])
def test_a_key_that_is_none_is_told_before_the_run(key: str, told: str, tmp_path: Path) -> None:
    """Nothing is played, and nothing is written."""
    project = _object(tmp_path)
    ran = project.harness("run", "--receipt", "receipt.json", "--sign", environment={SIGNING_KEY: key})
    assert (ran.code, told in ran.out, (tmp_path / "receipt.json").exists()) == (2, True, False), ran.out
    assert project.harness("run", "--sign").code == 2


def test_a_receipt_of_another_project_is_refused(tmp_path: Path) -> None:
    """By the name that a manifest declares, by the first commit, or because none of its files is here."""
    project = _object(tmp_path / "one")
    assert project.harness("run", "--receipt", "receipt.json").code == 0
    bare = shop_project(tmp_path / "two", {"harness.toml": "stock_scenarios = false\n"})
    (bare.folder / "harness.toml").rename(bare.folder / "pyproject.toml")
    (bare.folder / "pyproject.toml").write_text("[tool.harness]\n")
    (bare.folder / "shop.py").unlink()
    refused = bare.harness("receipt", "check", str(tmp_path / "one" / "receipt.json"))
    assert (refused.code, "this receipt is of another project" in refused.out) == (2, True), refused.out

    named = tmp_path / "one" / "pyproject.toml"
    for name in ("shop", "shop", "garage"):
        named.write_text(f'[project]\nname = "{name}"\n')
        if name == "shop":
            assert project.harness("run", "--receipt", "receipt.json").code == 0
            assert project.harness("receipt", "check", "receipt.json").code == 0
    assert project.harness("receipt", "check", "receipt.json").code == 2

    named.unlink()
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "begin"]):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words], cwd=project.folder, check=True
        )
    assert project.harness("run", "--receipt", "receipt.json").code == 0
    copy = tmp_path / "copy"
    shutil.copytree(project.folder, copy)
    assert ShopProject(copy).harness("receipt", "check", "receipt.json").code == 0


def test_receipts_of_shards_are_merged(tmp_path: Path) -> None:
    """The receipt of the whole covers what each of them read; one without a receipt is told."""
    project = _object(tmp_path)
    project.write({"scenarios/more.py": SCENARIO})
    for number in (1, 2):
        words = ["run", "--shard", f"{number}/2", "--report", "out", "--receipt", f"{number}.json"]
        assert project.harness(*words).code == 0
    part = project.harness("receipt", "check", "1.json")
    assert (part.code, "it covers a part only: --shard 1/2" in part.out) == (1, True)
    private, _, text = _keys()
    words = ["report", "merge", "out", "--receipt", "whole.json", "--sign"]
    merged = project.harness(*words, environment={SIGNING_KEY: private})
    assert merged.code == 0, merged.out
    assert project.harness("receipt", "check", "whole.json", "--signed-by", text).code == 0
    assert project.harness("run", "--receipt", "one.json").code == 0
    one, whole = _receipt(tmp_path, "one.json"), _receipt(tmp_path, "whole.json")
    for name in ("pipeline", "scenario_files", "lock_files", "configuration_files", "runtimes", "counts", "selection"):
        assert one[name] == whole[name], name
    assert project.harness("run", "--shard", "1/2", "--report", "out").code == 0
    lacking = project.harness("report", "merge", "out", "--receipt", "other.json")
    assert (lacking.code, "shard 1/2 was run without --receipt" in lacking.out) == (2, True), lacking.out
    assert not (tmp_path / "other.json").exists()
