"""What a run is asked for, and what of it cannot be meant: told before anything is started."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.config import Configuration
from harness.config import load as settings_in
from harness.core.errors import Problem

if TYPE_CHECKING:
    from harness.cassette import Cassette

BACKENDS: Final = ("sandbox", "test-app", "cassette")
DEFAULT_SEED: Final = 20_260_101


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line or pytest asked for.

    `against` is `sandbox`, `cassette`, `test-app` or the URL of a running sandbox; `pipeline` is a spec, `None` for the
    reference; `time_limit` is in seconds; `time_scale` is how much of each told second a pipeline has to wait.
    `intercom_version` counts for every case that names no version of its own.
    """

    against: str = "sandbox"
    record: bool = False
    pipeline: str | None = None
    intercom_version: str | None = None
    cassettes: Path = Path("cassettes")
    workspace: str | None = None
    time_limit: float | None = None
    time_scale: float = 1.0
    seed: int = DEFAULT_SEED
    strict_token: bool = False
    """Whether a pipeline's own token is refused, and not replaced."""
    port: int = 0
    """Where pipelines outside of this process find the gateway; 0 lets the system choose."""
    root: Path = field(default_factory=Path.cwd)
    configuration: Configuration = field(default_factory=Configuration)
    """What the project declares, with the command line put over it."""
    record_in_ci: bool = False
    """Whether cassettes that are there are recorded over although CI is set."""
    show: Callable[[Path, Cassette], None] = lambda path, new: None
    """Told of each new recording before it takes the place of an old one."""


def check_options(options: RunOptions) -> None:
    """What cannot be meant is a `Problem` before anything is started."""
    if "://" in options.against:
        from harness.runner.wiring import remote_backend

        remote_backend(options.against).close()
    elif options.against not in BACKENDS:
        raise Problem(
            f"--against {options.against}: there is no such backend",
            remedy="known: sandbox, test-app, cassette, or the URL of a running sandbox on loopback (http://127.0.0.1:PORT)",
        )
    if options.against == "test-app":
        from harness.runner.test_app_wiring import refuse_in_ci

        refuse_in_ci(settings_in(options.root))
    if options.record and options.against == "cassette":
        raise Problem(
            "--record with --against cassette would record nothing new",
            why="a cassette cannot be recorded from a cassette",
            remedy="record from the sandbox: --against sandbox --record",
        )


def in_order(versions: Iterable[str]) -> tuple[str, ...]:
    """Each version once, the oldest first; one that the sandbox does not know is a `Problem` before anything starts."""
    from harness.sandbox.rules.versions import VERSIONS

    asked = frozenset(versions)
    for version in asked:
        if version not in VERSIONS:
            raise Problem(
                f"--intercom-version {version}: there is no such version", remedy="known: " + ", ".join(VERSIONS)
            )
    return tuple(version for version in VERSIONS if version in asked)
