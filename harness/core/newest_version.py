"""The newest version of Intercom's API that the harness supports.

It is the newest one with an official description to hold the sandbox against; 2.17 is served from its pages alone.
The sandbox and what asks a TEST app use it. The harness's own client keeps a number of its own on purpose, because it
shares nothing with the sandbox that it checks.
"""

from __future__ import annotations

from typing import Final

NEWEST_VERSION: Final = "2.16"
