"""The certificate authority of one run: its key never leaves the process, and nobody trusts it who was not told to.

Certificates are made per host, because a wildcard for `*.intercom.io` does not cover `api.eu.intercom.io`.
"""

from __future__ import annotations

import ssl
import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from harness.exchange import INTERCOM_HOST
from harness.gateway.hosts import is_answered

if TYPE_CHECKING:
    import trustme


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

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write the certificate alone, and a bundle of it with the public authorities; tell both paths."""
        import certifi

        alone, bundle = folder / "harness-ca.pem", folder / "harness-ca-bundle.pem"
        alone.write_bytes(self.certificate())
        bundle.write_bytes(self.certificate() + b"\n" + Path(certifi.where()).read_bytes())
        return alone, bundle

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
