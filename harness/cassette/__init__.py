"""Recordings of what passed the gateway: format, redaction, recording, strict replay. It knows no gateway and no vcrpy.

IdNames are loaded when they are first asked for, so that importing this package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.cassette.case_names import cassette_path
    from harness.cassette.cassette_errors import (
        AlreadyRecording,
        CannotRecord,
        CassetteProblem,
        EditedByHand,
        EmptyCassette,
        MissingCassette,
        NewerFormat,
        OtherPipeline,
        OtherVersion,
        RefusedToWrite,
        TruncatedCassette,
        UndecodableCassette,
    )
    from harness.cassette.format.document import Cassette, Header, Interaction, source_digest
    from harness.cassette.recording.recorder import Recorder
    from harness.cassette.recording.storage import load
    from harness.cassette.redaction.redactor import Redactor
    from harness.cassette.replay.mismatch import Mismatch, ReplayFailed
    from harness.cassette.replay.network_guard import NetworkGuard, NetworkRefused
    from harness.cassette.replay.player import Player
    from harness.cassette.replay.varying_fields import Varying, VaryingFields, varying_from

_HOMES = {
    "cassette_errors": (
        "AlreadyRecording CannotRecord CassetteProblem EditedByHand EmptyCassette MissingCassette NewerFormat "
        "OtherPipeline OtherVersion RefusedToWrite TruncatedCassette UndecodableCassette"
    ),
    "format.document": "Cassette Header Interaction source_digest",
    "replay.mismatch": "Mismatch ReplayFailed",
    "replay.network_guard": "NetworkGuard NetworkRefused",
    "replay.player": "Player",
    "recording.recorder": "Recorder",
    "redaction.redactor": "Redactor",
    "case_names": "cassette_path",
    "recording.storage": "load",
    "replay.varying_fields": "Varying VaryingFields varying_from",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "AlreadyRecording",
    "CannotRecord",
    "Cassette",
    "CassetteProblem",
    "EditedByHand",
    "EmptyCassette",
    "Header",
    "Interaction",
    "Mismatch",
    "MissingCassette",
    "NetworkGuard",
    "NetworkRefused",
    "NewerFormat",
    "OtherPipeline",
    "OtherVersion",
    "Player",
    "Recorder",
    "Redactor",
    "RefusedToWrite",
    "ReplayFailed",
    "TruncatedCassette",
    "UndecodableCassette",
    "Varying",
    "VaryingFields",
    "cassette_path",
    "load",
    "source_digest",
    "varying_from",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
