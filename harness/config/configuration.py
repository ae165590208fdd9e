"""The configuration as one frozen value. Its fields are the keys: each is declared here, and nowhere else.

Parsing, the message about an unknown key, `harness config`, the JSON Schema and the reference page are made from these
declarations. `KEYS` lists them in order.
"""
# ruff: noqa: RUF009  # each default is the declaration of a key, and none is changed

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar

from harness.config import key_kinds as kinds
from harness.config.key_kinds import KeyKind

T = TypeVar("T")

CONFIGURATION_FILE: Final = "harness.toml"
PROJECT_FILE: Final = "pyproject.toml"
PROJECT_TABLE: Final = "tool.harness"
PIPELINE: Final = "pipeline"
REFERENCE: Final = "reference"
"""What names the harness's own pipeline, where a pipeline is wanted."""
LEVELS: Final = ("flows", "refusals", "jobs", "webhooks", "resilience")
"""How much a pipeline has to stand, in the order in which scenarios run."""
ADDRESS: Final = r"unix:/.+|\[[0-9A-Fa-f:.]+\](:\d{1,5})?|\.?[^\s:/\[\]]+(:\d{1,5})?"
"""How an allowed address looks: HOST, HOST:PORT, .HOST for all hosts under it, or unix:/PATH."""
EVERY_COMMAND: Final = ("run", "pytest", "exec", "gateway", "zoo")
PLAYING: Final = ("run", "pytest")
"""The commands that play scenarios with a pipeline."""

OriginKind = Literal["default", "file", "environment", "command line"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from; `where` names the file and line, the variable or the option."""

    kind: OriginKind
    where: str = ""

    def __str__(self) -> str:
        return self.where or self.kind


DEFAULT_ORIGIN: Final = Origin("default")


@dataclass(frozen=True, slots=True)
class Key:
    """The declaration of a configuration key.

    about: one sentence for the page, the schema and `harness config`. commands: the commands that read it. in_pipeline:
    whether the [pipeline] table may hold it as well.
    """

    name: str
    kind: KeyKind[object]
    about: str
    commands: Sequence[str]
    in_pipeline: bool = False


@dataclass(frozen=True, slots=True)
class PipelineChoice:
    """The pipeline that was named: a spec as `--pipeline` takes it, or the [pipeline] table of a file.

    spec: `module:object`, the absolute path of a TOML file that holds the table, or `reference`.
    """

    spec: str

    @property
    def is_reference(self) -> bool:
        """Whether this is the harness's own pipeline."""
        return self.spec == REFERENCE

    def portable(self, root: Path) -> str:
        """Return the spec as it is on every machine: a file counts from the project's root."""
        if not self.spec.endswith(".toml"):
            return self.spec
        path = Path(self.spec).resolve()
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _pipeline() -> KeyKind[PipelineChoice | None]:
    words = '"package.module:object", the path of a TOML file, "reference", or a [pipeline] table'

    def read(value: object, folder: Path) -> PipelineChoice:
        if not isinstance(value, str) or not value.strip():
            raise kinds.WrongValueError(f"it must be {words}")
        if value.endswith(".toml"):
            return PipelineChoice(str((folder / value).resolve()))
        if value == REFERENCE or (":" in value and value.partition(":")[0]):
            return PipelineChoice(value)
        raise kinds.WrongValueError(f"it must be {words}")

    return KeyKind(words, read, {"type": "string", "minLength": 1})


def _key(
    kind: KeyKind[T], default: T, about: str, commands: Sequence[str] = PLAYING, *, in_pipeline: bool = False
) -> T:
    """Declare a key; the field's own name is its name."""
    return field(default=default, metadata={"key": (kind, about, commands, in_pipeline)})


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What a project declares, with what the command line said put over it.

    root: the project's folder, from which paths count. file: the file that was read, `None` where there is none.
    origins: where each value that is no default comes from.
    """

    pipeline: PipelineChoice | None = _key(
        _pipeline(), None, "The code under test: a Python object, a TOML file, or a [pipeline] table in this file."
    )
    python_path: tuple[Path, ...] = _key(
        kinds.paths(), (), "Folders from which a Python pipeline is imported, beside the project's folder."
    )
    intercom_versions: tuple[str, ...] = _key(
        kinds.texts(r"\d+\.\d+|Preview|Unstable", 'API versions, for example ["2.15", "2.16"]'),
        (),
        "API versions of the pipeline's requests; several are compared.",
        ("run", "pytest", "exec", "gateway"),
    )
    levels: tuple[str, ...] = _key(
        kinds.choices(*LEVELS),
        (),
        "How much the pipeline has to stand; all levels for which it has operations, if absent.",
    )
    scenarios: tuple[Path, ...] = _key(
        kinds.paths(), (), "Folders of the project's own scenarios; the folder scenarios, if absent."
    )
    stock_scenarios: bool | None = _key(
        kinds.flag(), None, "Whether the scenarios that come with the harness run as well; they do, if absent."
    )
    cassettes: Path | None = _key(kinds.path(), None, "Folder of the cassettes; the folder cassettes, if absent.")
    may_write: tuple[str, ...] = _key(
        kinds.texts(words='strings, for example ["signed_up_at"]'),
        (),
        "What the pipeline may change although a value was there.",
        in_pipeline=True,
    )
    may_print: tuple[str, ...] = _key(
        kinds.choices("email"), (), "What the pipeline's output may hold although many read it.", in_pipeline=True
    )
    says_no: object = _key(
        kinds.refusal(),
        None,
        "What the pipeline returns where it refused: false, the fields of an object, or strings.",
        in_pipeline=True,
    )
    returns: str | None = _key(
        kinds.choice("contact", "contact_id", "nothing"),
        None,
        "What the pipeline returns; an answer is compared only where this is declared.",
        in_pipeline=True,
    )
    env: tuple[tuple[str, str], ...] = _key(
        kinds.table_of_texts(),
        (),
        "Environment variables that the code under test finds; placeholders: {token}, {base_url}, {secret}, {port}.",
        ("run", "pytest", "exec"),
        in_pipeline=True,
    )
    time_limit: float | None = _key(
        kinds.seconds(), None, "Seconds that the pipeline may take for one call; 30, if absent.", in_pipeline=True
    )
    time_scale: float = _key(
        kinds.fraction(), 1.0, "The part of each wait that really passes; 0 for none.", ("run", "exec", "gateway")
    )
    allow: tuple[str, ...] = _key(
        kinds.addresses(ADDRESS, 'addresses, for example ["127.0.0.1:5432", ".example.com:443"]'),
        (),
        "Addresses that the code under test may reach beside Intercom; never one of Intercom's own.",
        ("run", "pytest", "exec"),
    )
    containment: str | None = _key(
        kinds.choice("require", "prefer", "off"),
        "prefer",
        "Whether the code under test is enclosed: only run if it is, if that can be had, or not.",
        ("run", "pytest", "exec", "zoo"),
    )
    workers: int | str | None = _key(
        kinds.workers(), None, 'How many processes play scenarios at once; "auto" for one per core.', ("run",)
    )
    durations: Path | None = _key(
        kinds.path("a file"),
        None,
        "File of durations by which shards are cut, kept in git: a copy of .harness/durations.json.",
        ("run",),
    )
    report: Path | None = _key(kinds.path("a folder"), None, "Folder into which each run writes its report.", ("run",))
    baseline: Path | None = _key(
        kinds.path("a file"), None, "File of the failures that are known and excused.", PLAYING
    )
    accept_not_modelled: tuple[str, ...] = _key(
        kinds.texts(r"[A-Za-z_][A-Za-z0-9_]*", "operationIds of Intercom's API description"),
        (),
        "Operations that the sandbox lacks and whose use by a pipeline does not stop a run.",
    )

    root: Path = field(default_factory=Path.cwd)
    file: Path | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict, repr=False)

    def origin(self, name: str) -> Origin:
        """Return where the value of a key comes from."""
        return self.origins.get(name, DEFAULT_ORIGIN)

    def is_set(self, name: str) -> bool:
        """Return whether a key was set by anything but its default."""
        return name in self.origins

    def with_options(self, options: Mapping[str, tuple[str, object]]) -> Configuration:
        """Return the configuration with the command line put over it.

        options: for each key that the command line sets, the option's own spelling and the value, already typed.
        """
        values: dict[str, Any] = {name: value for name, (_, value) in options.items()}
        given = {name: Origin("command line", option) for name, (option, _) in options.items()}
        return replace(self, **values, origins={**self.origins, **given})

    @cached_property
    def declared(self) -> Mapping[str, object]:
        """What this says of the pipeline outside the [pipeline] table, by key: it wins over what the pipeline says."""
        names = [name for name, key in KEYS.items() if key.in_pipeline and self.is_set(name)]
        return {name: getattr(self, name) for name in names}

    @property
    def wish(self) -> Literal["require", "prefer", "off"]:
        """What happens where the code under test cannot be enclosed."""
        return "require" if self.containment == "require" else "off" if self.containment == "off" else "prefer"

    @property
    def cassettes_folder(self) -> Path:
        """The folder of the cassettes."""
        return self.cassettes or self.root / "cassettes"


def _declared_keys() -> Mapping[str, Key]:
    found = [(each.name, each.metadata["key"]) for each in fields(Configuration) if "key" in each.metadata]
    return MappingProxyType({name: Key(name, *declaration) for name, declaration in found})


KEYS: Final = _declared_keys()
"""Every key by its name."""
