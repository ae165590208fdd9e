"""Signs receipts with Ed25519, and verifies who signed one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from harness.core.errors import Problem

ALGORITHM = "ed25519"
RAW = 32
"""Bytes of a key."""


def sign(content: bytes, private_key: str, name: str) -> Mapping[str, str]:
    """Return the signature of some bytes: `algorithm`, the public `key` and the `value`, both in base64.

    private_key: a key as PEM, or its 32 bytes in base64 or hexadecimal. name: the variable that holds it, for errors.

    Raises:
        Problem: it is no such key.
    """
    key = _private(private_key.strip(), name)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"algorithm": ALGORITHM, "key": _text(public), "value": _text(key.sign(content))}


def objection_to(signature: object, content: bytes, public_key: str) -> str | None:
    """Return why a signature does not prove that the owner of a key signed some bytes; `None` where it does.

    public_key: a file with the key as PEM, or the key itself as PEM, in base64 or in hexadecimal.

    Raises:
        Problem: it is no public key.
    """
    wanted = _public(public_key)
    if signature is None:
        return "it is not signed"
    if not isinstance(signature, Mapping) or signature.get("algorithm") != ALGORITHM:
        return "its signature is of a kind that is not known here"
    try:
        wanted.verify(base64.b64decode(str(signature.get("value")), validate=True), content)
    except (InvalidSignature, binascii.Error, ValueError):
        return "it was not signed with this key, or was changed since"
    return None


def _private(text: str, name: str) -> Ed25519PrivateKey:
    try:
        if "BEGIN" in text:
            found = load_pem_private_key(text.replace("\\n", "\n").encode(), None)
            if isinstance(found, Ed25519PrivateKey):
                return found
        elif (raw := _raw(text)) is not None:
            return Ed25519PrivateKey.from_private_bytes(raw)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        pass
    raise Problem(
        f"{name} holds no Ed25519 key" if text else f"{name} is not set, and a receipt cannot be signed without a key",
        remedy=f'make one with: openssl genpkey -algorithm ed25519 -out key.pem; then: export {name}="$(cat key.pem)"',
    )


def _public(text: str) -> Ed25519PublicKey:
    given = text
    try:
        if "BEGIN" not in text and _raw(text) is None:
            given = Path(text).read_text(encoding="ascii")
        if "BEGIN" in given:
            found = load_pem_public_key(given.encode())
            if isinstance(found, Ed25519PublicKey):
                return found
        elif (raw := _raw(given.strip())) is not None:
            return Ed25519PublicKey.from_public_bytes(raw)
    except (OSError, ValueError, UnsupportedAlgorithm):
        pass
    raise Problem(
        f"--signed-by {text}: this is no public Ed25519 key",
        why="it is a file with the key as PEM, or the key in base64",
        remedy="make it of the private one: openssl pkey -in key.pem -pubout -out key.pub.pem",
    )


def _raw(text: str) -> bytes | None:
    """Return the bytes of a key that is written in hexadecimal or base64."""
    try:
        raw = bytes.fromhex(text) if len(text) == 2 * RAW else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return raw if len(raw) == RAW else None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
