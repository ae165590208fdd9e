"""What one shard of a run writes for `harness report merge`."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

from harness import __version__, config
from harness.cassette.redaction.redactor import Redactor
from harness.cli.project_identity import commit_of
from harness.cli.receipt_subject import scenario_modules
from harness.cli.run_reporter import RunReporter
from harness.cli.run_selection import Selection
from harness.cli.shard_cut import ShardChoice
from harness.config import CONFIGURATION_KEYS, Configuration
from harness.core.errors import Problem
from harness.pipeline.content import content_of, digests
from harness.report.gaps import gap_notes
from harness.report.receipt import Subject
from harness.report.result import RunRow
from harness.report.secret_cleaning import SecretCleaner
from harness.report.shard_file import FORMAT, RunIdentity, ShardFile, encoded
from harness.runner.session_config import RunOptions

OF_ONE_MACHINE = ("report", "workers")
"""Keys that may differ between the shards of one run."""


def write_shard(
    folder: Path,
    result: RunRow,
    reporter: RunReporter,
    selection: Selection,
    options: RunOptions,
    subject: Subject | None,
) -> Path:
    """Write the result of a shard into a folder, redacted, and return its file.

    subject: what was tested, where a receipt is wanted.
    """
    assert selection.shard is not None
    cleaner = SecretCleaner(reporter.redactor)
    found = _shard_file(result, reporter, selection.shard, identity_of(options, selection, result), cleaner.redactor)
    shard = replace(found, accept_not_modelled=options.configuration.accept_not_modelled, subject=subject)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / shard.file_name
    cleaner.write(path, encoded(cleaner.clean(shard)))
    return path


def _shard_file(
    result: RunRow, reporter: RunReporter, chosen: ShardChoice, identity: RunIdentity, redactor: Redactor
) -> ShardFile:
    scenarios = [
        replace(scenario, evidence=evidence)
        for scenario, evidence in zip(reporter.scenarios, reporter.evidence(redactor), strict=True)
    ]
    gaps = set(gap_notes(scenario.not_modelled for scenario in scenarios))
    return ShardFile(
        format=FORMAT,
        shard=chosen.number,
        shards=chosen.total,
        run=identity,
        plan=dict(reporter.plan),
        scenarios=scenarios,
        seconds=result.seconds,
        containment=result.containment,
        problems=list(result.problems),
        notes=[note for note in result.notes if note not in gaps],
        unused=reporter.remains.as_data(),
    )


def identity_of(options: RunOptions, selection: Selection, result: RunRow) -> RunIdentity:
    """Return what all shards of this run have in common."""
    return RunIdentity(
        harness=__version__,
        commit=commit_of(options.root),
        ci_run=config.load(options.root).ci_run,
        pipeline=result.pipeline,
        against=result.against,
        intercom_versions=list(result.intercom_versions),
        selection=list(selection.narrowed),
        configuration=_digest(_declared(options.configuration)),
        code=_digest(_code(options, selection)),
        seed=options.seed,
    )


def _declared(configuration: Configuration) -> dict[str, str]:
    """Return what is declared, by key, the same on every machine: a path is told from the project's root."""
    names = (name for name in CONFIGURATION_KEYS if name not in OF_ONE_MACHINE)
    return {name: _portable(getattr(configuration, name), configuration.root) for name in names}


def _portable(value: object, root: Path) -> str:
    if isinstance(value, Path):
        return os.path.relpath(value, root)
    if isinstance(value, tuple):
        return repr([_portable(each, root) for each in value])
    return repr(value).replace(f"{root}/", "")


def _code(options: RunOptions, selection: Selection) -> dict[str, str]:
    configuration, root = options.configuration, options.root
    chosen = configuration.pipeline
    spec = chosen.portable(root) if chosen and not chosen.is_reference else None
    files: dict[str, str] = {}
    with contextlib.suppress(Problem):  # what cannot be found was told by the run itself
        files = content_of(spec, root, configuration.python_path)
    return {**files, **digests(scenario_modules(selection), root)}


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
