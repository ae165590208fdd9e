"""Wrong pipelines that let out a token or an address on ways that are easily overlooked."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from harness.core.people import Lead, User, Visitor
from harness.pipeline.intercom_body import IntercomBody
from harness.zoo.plain_client import PlainClient


class LogsTheTokenToAFile(PlainClient):
    """It keeps a log of its own, beside what it prints, with the headers of each request in it."""

    def _convert(self, source: Visitor | Lead, user: User | None) -> IntercomBody:
        with Path("intercom-debug.log").open("a") as log:
            log.write(f"converting {source.id} with {self._headers}\n")
        return super()._convert(source, user)


class PrintsTheBasicHeader(PlainClient):
    """It prints the header that older clients send: the token in base64, which anybody can read."""

    def _convert(self, source: Visitor | Lead, user: User | None) -> IntercomBody:
        token = os.environ["INTERCOM_ACCESS_TOKEN"]
        print("Authorization: Basic", base64.b64encode(f"{token}:".encode()).decode())
        return super()._convert(source, user)


class WritesPastTheStreams(PlainClient):
    """It writes the person's e-mail to the file descriptor itself, past `sys.stdout` and `sys.stderr`."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        os.write(2, f"converting {lead.email or lead.id} into {user.email}\n".encode())
        return super().lead_to_user(lead, user)
