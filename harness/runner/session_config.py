"""What a run is asked for, and what of it cannot be meant: told before anything is started."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.config import REFERENCE, Configuration, PipelineChoice
from harness.config import load as settings_in
from harness.core.errors import Problem

if TYPE_CHECKING:
    from harness.cassette import Cassette
    from harness.containment.enclosure import Wish
    from harness.containment.whole_run import Entered

BACKENDS: Final = ("sandbox", "test-app", "cassette")
DEFAULT_SEED: Final = 20_260_101


def _show_nothing(_path: Path, _new: Cassette) -> None:
    return None


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
    containment: Wish = "prefer"
    """What happens where the code under test cannot be enclosed."""
    entered: Entered | None = None
    """Set where this whole process is enclosed."""
    read_files: Path | None = None
    """The folder into which the code under test writes which files it opens; `None` where nobody wants to know."""
    record_in_ci: bool = False
    """Whether cassettes that are there are recorded over although CI is set."""
    show: Callable[[Path, Cassette], None] = _show_nothing
    """Told of each new recording before it takes the place of an old one."""


def with_pipeline(configuration: Configuration, spec: str | None, *, reference: bool = False) -> Configuration:
    """Return the configuration with the pipeline of the command line put over it, if that names one.

    spec: what `--pipeline` says; a file counts from the current folder. reference: whether `--reference` was given.

    Raises:
        Problem: neither of the two names a pipeline, or the command line names two.
    """
    if spec is not None and reference:
        raise Problem("--reference and --pipeline name two pipelines", remedy="leave one of them out")
    if reference or spec == REFERENCE:
        option = "--reference" if reference else "--pipeline"
        return configuration.with_options({"pipeline": (option, PipelineChoice(REFERENCE))})
    if spec is not None:
        found = str(Path(spec).resolve()) if spec.endswith(".toml") else spec
        return configuration.with_options({"pipeline": ("--pipeline", PipelineChoice(found))})
    if configuration.pipeline is None:
        raise _no_pipeline(configuration)
    return configuration


def options_of(
    configuration: Configuration,
    against: str,
    *,
    record: bool,
    record_in_ci: bool,
    workspace: str | None = None,
    port: int = 0,
    strict_token: bool = False,
    entered: Entered | None = None,
) -> RunOptions:
    """Return the options of a run in a project, whose configuration names a pipeline.

    entered: set where this whole process is enclosed.
    """
    chosen, versions = configuration.pipeline, configuration.intercom_versions
    return RunOptions(
        against=against,
        record=record,
        record_in_ci=record_in_ci,
        workspace=workspace,
        port=port,
        strict_token=strict_token,
        pipeline=None if chosen is None or chosen.is_reference else chosen.spec,
        intercom_version=versions[0] if len(versions) == 1 else None,
        cassettes=configuration.cassettes_folder,
        time_limit=configuration.time_limit,
        time_scale=configuration.time_scale,
        root=configuration.root,
        configuration=configuration,
        containment=configuration.wish,
        entered=entered,
    )


def _no_pipeline(configuration: Configuration) -> Problem:
    file, root = configuration.file, configuration.root
    seen = f"{file.name} names none" if file else f"no harness.toml, and no [tool.harness], from {root} upwards"
    return Problem(
        "No pipeline is configured, so there is no code of yours to test.",
        evidence=seen,
        remedy='write pipeline = "package.module:object" into harness.toml, or name it: --pipeline SPEC '
        "(--reference tests the harness with its own pipeline)",
    )


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
