"""The repository around the code: locks, metadata, and skips that hide nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from harness.cli.schema_files import SCHEMAS, file_of, written

LOCKS = ("requirements.lock", "requirements-dev.lock")
LINE = re.compile(r"(?P<name>[a-z0-9]([a-z0-9._-]*[a-z0-9])?)==(?P<version>[0-9][0-9A-Za-z.]*)( ; [^\\:]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def _project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text())


def _pins(lock: Path) -> dict[str, str]:
    return {m["name"]: m["version"] for line in lock.read_text().splitlines() if (m := LINE.fullmatch(line))}


def _name(requirement: str) -> str:
    return re.split(r"[\s\[<>=!~;]", requirement)[0].lower()


def test_each_test_that_a_page_names_is_there(root: Path) -> None:
    """docs/at-home.md says what holds each promise; a test that was renamed is found."""
    text = (root / "docs/at-home.md").read_text(encoding="utf-8")
    named = re.findall(r"`(\w+/\w+\.py)::(\w+)`", text)
    assert len(named) > 30
    for module, test in named:
        assert f"def {test}(" in (root / "harness/tests" / module).read_text(encoding="utf-8"), f"{module}::{test}"
    rows = [line.partition("|")[2].strip().split(".")[0] for line in text.splitlines() if re.match(r"\| \d", line)]
    assert set(rows) == {str(number) for number in range(1, 13)}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_names_versions_and_hashes_only(root: Path, name: str) -> None:
    """No line of a lock is anything but a pin or a hash; so none names a registry or a folder."""
    lines = (root / name).read_text().splitlines()
    assert [line for line in lines if not LINE.fullmatch(line) and not HASH.fullmatch(line)] == []
    assert all(HASH.fullmatch(after) for line, after in pairwise(lines) if LINE.fullmatch(line))


def test_the_locks_agree(root: Path) -> None:
    """What `make run` installs, `make test` installs in the same version."""
    runtime, development = (_pins(root / name) for name in LOCKS)
    assert runtime
    assert runtime.items() <= development.items()


def test_the_locks_pin_what_the_project_asks_for(root: Path) -> None:
    """Each dependency of the project is in the lock that needs it, the build backend included."""
    project = _project(root)
    runtime, development = (_pins(root / name) for name in LOCKS)
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    assert {_name(one) for one in asked} <= set(runtime)
    assert {_name(one) for one in project["dependency-groups"]["dev"]} <= set(development)


def test_the_lock_of_the_node_clients_names_no_registry(root: Path) -> None:
    """npm's lock holds versions and integrity hashes; where the files come from is the machine's own business."""
    locks = sorted((root / "harness" / "tests").glob("*/package-lock.json"))
    for lock in locks:
        packages = {name: one for name, one in json.loads(lock.read_text())["packages"].items() if name}
        assert packages
        assert [name for name, one in packages.items() if "resolved" in one] == []
        assert [name for name, one in packages.items() if not one.get("integrity", "").startswith("sha512-")] == []


def test_each_dependency_says_why_it_is_there(root: Path) -> None:
    """A comment stands beside each run-time dependency."""
    text = (root / "pyproject.toml").read_text()
    block = text.partition("\ndependencies = [\n")[2].partition("\n]")[0].splitlines()
    assert block
    assert [line for line in block if not re.fullmatch(r'    "[^"]+", +# \S.*', line)] == []


def test_each_exception_to_the_rules_has_its_reason(root: Path) -> None:
    """A comment stands beside each lint rule that is ignored and each warning that is let through."""
    text = (root / "pyproject.toml").read_text()
    ignored = re.findall(r'^    "(?:[A-Z]+[0-9]*|ignore:[^"]*|default:[^"]*)",((?! ").*)$', text, re.MULTILINE)
    assert len(ignored) > 10
    assert [rest for rest in ignored if not re.match(r" +# \S", rest)] == []


def test_the_plugin_is_named_once(root: Path) -> None:
    """As an entry point, by a module that imports nothing of the harness."""
    assert _project(root)["project"]["entry-points"]["pytest11"] == {"harness": "intercom_harness_plugin"}
    assert not (root / "conftest.py").exists()


def test_no_test_is_in_the_wheel(root: Path) -> None:
    """The build leaves the harness's own tests out."""
    code = (
        "import json; from hatchling.builders.wheel import WheelBuilder; "
        "print(json.dumps([f.distribution_path for f in WheelBuilder('.').recurse_included_files()]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    names = json.loads(done.stdout)
    assert "harness/core/http.py" in names
    assert "harness/py.typed" in names
    assert [name for name in names if name.startswith("harness/tests")] == []
    assert [name for name in names if not name.startswith("harness/")] == ["intercom_harness_plugin.py"]


def test_only_one_page_says_how_to_install_the_harness(root: Path) -> None:
    """Nothing else tells people to install a name that no registry has."""
    pages = [root / "README.md", *root.glob("docs/**/*.md"), *root.glob("harness/**/*.py")]
    telling = [page for page in pages if re.search(r"pip install [^\n]*intercom[-_]conversion", page.read_text())]
    assert [page.relative_to(root).as_posix() for page in telling] == ["docs/guide/install.md"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_the_one_that_is_published(name: str) -> None:
    """The files in the package are made from the types; `make docs` writes them."""
    assert file_of(name).read_text(encoding="utf-8") == written(name)


@pytest.mark.parametrize("required", [False, True])
def test_a_skip_that_ci_forbids_is_a_failure(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, root: Path, required: bool
) -> None:
    """With the switch set, a test that lacks a real client fails and says what to do; other skips stay skips."""
    monkeypatch.setenv("HARNESS_REQUIRE_CLIENTS", "1" if required else "")
    pytester.makeconftest((root / "harness" / "tests" / "conftest.py").read_text())
    pytester.makepyfile(
        test_one="""
        import pytest
        def test_needs_a_package(node_client): node_client("no-such-package")
        def test_for_another_reason(): pytest.skip("a full moon")
        """,
        test_whole="""
        import pytest
        pytest.skip("needs client: all of this", allow_module_level=True)
        """,
    )
    others = [word for name in ("harness", "faker", "anyio", "cacheprovider") for word in ("-p", f"no:{name}")]
    result = pytester.runpytest_subprocess("--continue-on-collection-errors", "-rA", *others)
    if required:
        result.assert_outcomes(failed=1, skipped=1, errors=1)
        result.stdout.fnmatch_lines(["*HARNESS_REQUIRE_CLIENTS=1 forbids this skip: needs client: all of this*"])
    else:
        result.assert_outcomes(skipped=3)
