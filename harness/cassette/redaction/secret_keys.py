"""Keys of JSON, forms and queries whose value is a secret, whatever it looks like."""

from __future__ import annotations

SECRET_KEYS = frozenset(
    [
        "token",
        "accesstoken",
        "refreshtoken",
        "sessiontoken",
        "apikey",
        "secret",
        "clientsecret",
        "privatekey",
        "password",
        "passwd",
        "authorization",
        "cookie",
        "userhash",
        "userjwt",
        "intercomuserjwt",
        "intercomuserhash",
        "identityverificationsecret",
        "anonymoussession",
    ]
)
"""Keys of JSON, forms and queries whose value is covered whatever it is; case, `-` and `_` do not count."""


def is_secret_key(key: str) -> bool:
    """Return whether the value under a key is covered."""
    return key.lower().replace("_", "").replace("-", "") in SECRET_KEYS
