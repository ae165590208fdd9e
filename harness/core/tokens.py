"""The sandbox's tokens: `sandbox-<workspace>` opens the workspace of that name, made on first use.

Such a token is no secret: it opens nothing but data that the harness made.
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache
from typing import Final

PREFIX: Final = "sandbox-"
"""What each token of the sandbox begins with; the rest is the name of its workspace."""

WORKSPACE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
"""What the name of a workspace must match, whole."""


def token_of(workspace: str) -> str:
    """Return the token of a workspace."""
    return PREFIX + workspace


RUN_TOKEN: Final = token_of("run")
"""The token that a pipeline sees for the length of a run, whichever workspace stands behind it."""


def is_sandbox_token(token: str) -> bool:
    """Return whether a token is one of the sandbox's, whatever the name of its workspace is."""
    return token.startswith(PREFIX)


def workspace_of_token(token: str | None) -> str:
    """Return the name of the workspace that a token opens, or an empty string if it is none of the sandbox's."""
    return token[len(PREFIX) :] if token is not None and token.startswith(PREFIX) else ""


@lru_cache(maxsize=256)
def token_in(authorization: str) -> str | None:
    """Return the token of an `Authorization` header: Bearer, or Basic with the token as user name, as old clients do.

    Returns None where the header holds no token.
    """
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip() or None
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value.strip(), validate=True).decode().partition(":")[0] or None
        except (binascii.Error, ValueError):
            return None
    return None
