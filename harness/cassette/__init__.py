"""Recordings of what passed the gateway: format, redaction, recording, strict replay. It knows no gateway and no vcrpy.

Names are loaded when they are first asked for, so that importing this package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.cassette.errors import (
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
    from harness.cassette.format import Cassette, Header, Interaction, source_digest
    from harness.cassette.mismatch import Mismatch, ReplayFailed
    from harness.cassette.network import NetworkGuard, NetworkRefused
    from harness.cassette.player import Player
    from harness.cassette.recorder import Recorder
    from harness.cassette.redaction import Redactor
    from harness.cassette.storage import cassette_path, load
    from harness.cassette.varying import Varying, VaryingFields, varying_from

_HOMES = {
    "errors": (
        "AlreadyRecording CannotRecord CassetteProblem EditedByHand EmptyCassette MissingCassette NewerFormat "
        "OtherPipeline OtherVersion RefusedToWrite TruncatedCassette UndecodableCassette"
    ),
    "format": "Cassette Header Interaction source_digest",
    "mismatch": "Mismatch ReplayFailed",
    "network": "NetworkGuard NetworkRefused",
    "player": "Player",
    "recorder": "Recorder",
    "redaction": "Redactor",
    "storage": "cassette_path load",
    "varying": "Varying VaryingFields varying_from",
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


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
