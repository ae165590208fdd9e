"""What the Messenger proves people by: the hash of identity verification or a signed token, and the session cookie.

Both are made with the workspace's client secret; the real Intercom keeps a secret of its own for each.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

import msgspec

SESSION_LIFE = 7 * 24 * 3600
"""Seconds for which a session cookie counts (facts §9)."""


class Session(msgspec.Struct):
    """What a session cookie says: whose it is, when it was signed, and whether they had told who they are."""

    person_id: str
    at: int
    signed_in: bool = False


def user_hash(secret: str, identifier: str) -> str:
    """The hash that proves a user id or an e-mail: HMAC-SHA256 in hexadecimal."""
    return hmac.new(secret.encode(), identifier.encode(), hashlib.sha256).hexdigest()


def is_proved(secret: str, identifier: str, given: object) -> bool:
    """Whether the hash that came with an identifier is the right one."""
    return isinstance(given, str) and hmac.compare_digest(user_hash(secret, identifier), given.lower())


def claims_of(secret: str, token: str, now: int) -> dict[str, object] | None:
    """Return what a JSON web token says of a person; `None` for one not signed here by HS256, or expired."""
    head, _, signature = token.rpartition(".")
    expected = hmac.new(secret.encode(), head.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(_without_padding(expected).encode(), signature.encode()):
        return None
    header, _, payload = head.partition(".")
    try:
        algorithm = msgspec.json.decode(_decoded(header), type=_Header).alg
        claims: dict[str, object] = msgspec.json.decode(_decoded(payload), type=dict[str, object])
    except (binascii.Error, msgspec.DecodeError, ValueError):
        return None
    expires = claims.pop("exp", None)
    expired = expires is not None and not (isinstance(expires, (int, float)) and now < expires)
    return None if algorithm != "HS256" or expired else claims


def token_of(secret: str, claims: dict[str, object]) -> str:
    """Return a JSON web token with these claims, signed by HS256."""
    parts = (msgspec.json.encode({"alg": "HS256", "typ": "JWT"}), msgspec.json.encode(claims))
    head = ".".join(map(_without_padding, parts))
    return f"{head}.{_without_padding(hmac.new(secret.encode(), head.encode(), hashlib.sha256).digest())}"


class _Header(msgspec.Struct):
    alg: str


def _without_padding(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def sign(secret: str, session: Session) -> str:
    """A session as the cookie holds it: `base64--hex`."""
    content = base64.b64encode(msgspec.json.encode(session)).decode()
    return f"{content}--{_signature(secret, content)}"


def read_session(secret: str, cookie: str, now: int) -> Session | None:
    """The session in a cookie; `None` for one that is too old, or was not signed here."""
    content, _, signature = cookie.rpartition("--")
    if not content or not hmac.compare_digest(_signature(secret, content).encode(), signature.encode()):
        return None
    try:
        session = msgspec.json.decode(base64.b64decode(content), type=Session)
    except (binascii.Error, msgspec.DecodeError):
        return None
    return session if now - session.at <= SESSION_LIFE else None


def _signature(secret: str, content: str) -> str:
    return hmac.new(secret.encode(), content.encode(), hashlib.sha1).hexdigest()
