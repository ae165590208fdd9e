"""The certificate authority of one run: its key never leaves the process, and nobody trusts it who was not told to.

Certificates are made per host, because a wildcard for `*.intercom.io` does not cover `api.eu.intercom.io`.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.core.hosts import is_answered
from harness.core.http import INTERCOM_HOST

if TYPE_CHECKING:
    import trustme

ADDED = ("NODE_EXTRA_CA_CERTS",)
BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that name a file of authorities: to be added to a client's own, or in the place of these."""


class Trust(NamedTuple):
    """Files of certificates: ours alone, what clients add to their own, and all for those that trust nothing else."""

    alone: Path
    added: Path
    bundle: Path


class Authority:
    """Makes its key and certificates when they are first needed; safe to use from several threads."""

    def __init__(self) -> None:
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.RLock()

    @cached_property
    def _ca(self) -> trustme.CA:
        import trustme

        return trustme.CA(organization_name="Conversion harness", organization_unit_name="One run only")

    def certificate(self) -> bytes:
        """The authority's own certificate as PEM."""
        with self._lock:
            return self._ca.cert_pem.bytes()

    def write(self, folder: Path, trusted: Mapping[str, str] | None = None) -> Trust:
        """Write what clients need to trust this authority.

        trusted: variables in which a machine names authorities of its own (a company's, say); they stay trusted, since
        a host that was allowed may need them.
        """
        import certifi

        own = trusted or {}
        certificate, public = self.certificate(), Path(certifi.where()).read_bytes()
        trust = Trust(folder / "harness-ca.pem", folder / "harness-ca-added.pem", folder / "harness-ca-bundle.pem")
        trust.alone.write_bytes(certificate)
        trust.added.write_bytes(b"\n".join([certificate, *_contents(own, ADDED)]))
        trust.bundle.write_bytes(b"\n".join([certificate, public, *_contents(own, (*ADDED, *BUNDLES))]))
        return trust

    def context(self, host: str) -> ssl.SSLContext:
        """A server context with a certificate for `host`, or for the host of Intercom's that the client names."""
        with self._lock:
            if host not in self._contexts:
                self._contexts[host] = self._new_context(host)
            return self._contexts[host]

    def _new_context(self, host: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        self._ca.issue_cert(host).configure_cert(context)
        context.sni_callback = self._choose
        return context

    def _choose(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> int | None:
        host = (name or INTERCOM_HOST).lower()
        if not is_answered(host):
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        chosen = self.context(host)
        if chosen is not context:
            connection.context = chosen
        return None


def _contents(variables: Mapping[str, str], names: Iterable[str]) -> list[bytes]:
    paths = {Path(variables[name]) for name in names if variables.get(name)}
    return [path.read_bytes() for path in sorted(paths) if path.is_file()]
