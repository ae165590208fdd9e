"""Files that hang on a message: named by their addresses, or sent along; only what they are called is kept of them."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from hashlib import blake2b
from urllib.parse import quote, unquote, urlsplit

from harness.sandbox.requests import parsing
from harness.sandbox.requests.context import RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.store.conversation_store import Attachment

MOST = 10
"""How many of each kind a message may have (documented)."""
DOWNLOADS = "https://downloads.intercom.example"
"""Where files that were sent along would lie; nothing is there, and nobody is asked."""


def attachments_of(call: RequestContext) -> list[Attachment]:
    """What the body's `attachment_urls` name and its `attachment_files` hold."""
    urls = parsing.sequence(call.body, "attachment_urls") or []
    files = parsing.objects(call.body, "attachment_files") or []
    for field, given in (("attachment_urls", urls), ("attachment_files", files)):
        if len(given) > MOST:
            raise Refused(no.PARAMETER_INVALID.filled(field=field))
    return [*map(_named, urls), *(_sent(call, one) for one in files)]


def _named(url: object) -> Attachment:
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
    except ValueError:
        parts = None
    if not isinstance(url, str) or parts is None or parts.scheme not in ("http", "https") or not parts.netloc:
        raise Refused(no.PARAMETER_INVALID.filled(field="attachment_urls"))
    name = unquote(parts.path.rpartition("/")[2]) or parts.netloc
    return Attachment(name=name, url=url, content_type=mimetypes.guess_type(name)[0] or "application/octet-stream")


def _sent(call: RequestContext, file: dict[str, object]) -> Attachment:
    content_type, name, data = (parsing.text(file, field) for field in ("content_type", "name", "data"))
    try:
        content = base64.b64decode(data or "", validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not content_type or not name or not content:
        raise Refused(no.PARAMETER_INVALID.filled(field="attachment_files"))
    digest = blake2b(content, digest_size=12).hexdigest()
    url = f"{DOWNLOADS}/{call.workspace.app_id}/{digest}/{quote(name, safe='')}"
    return Attachment(name=name, url=url, content_type=content_type, size=len(content))
