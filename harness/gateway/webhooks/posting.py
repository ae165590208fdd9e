"""How a notification travels: its signature, and one HTTP request to a receiver on this machine."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final, Protocol

USER_AGENT: Final = "intercom-parrot-service-client/1.0"


def signature(body: bytes, secret: str) -> str:
    """The value of `X-Hub-Signature`: HMAC-SHA1 of the raw body with the app's client secret (facts §8)."""
    return "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


def body_signature(body: bytes, secret: str) -> str:
    """Return the value of `X-Body-Signature`, which signs uninstalls and health checks (facts 64).

    HMAC-SHA256 of the raw body with the app's client secret; that it is SHA-256 is assumed.
    """
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_signed(body: bytes, secret: str, given: str) -> bool:
    """Whether a signature is the one that this secret gives."""
    return hmac.compare_digest(signature(body, secret), given)


class Post(Protocol):
    """Sends something to a receiver and tells its status; raises `OSError` where none comes in time."""

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> int:
        """Send once; redirects are not followed."""
        ...


def post(method: str, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> int:
    """Send over HTTP; what the receiver says beyond its status is not read, however long it is."""
    import urllib3

    patience = urllib3.Timeout(total=timeout)
    with urllib3.PoolManager(timeout=patience, cert_reqs="CERT_NONE", retries=False) as pool:
        try:
            response = pool.request(
                method, url, headers=dict(headers), body=body or None, redirect=False, preload_content=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise OSError(_reason(error, timeout)) from error
        status = response.status
        response.close()
        return status


def _reason(error: Exception, timeout: float) -> str:
    if "timed out" in str(error).lower():
        return f"no answer within {timeout:g} s"
    return "the connection failed" if "refused" not in str(error).lower() else "the connection was refused"
