"""The embedded Intercom: a backend that answers, and refuses, like the real one, and cannot hurt anybody.

It knows nothing of cassettes, pytest or the gateway. `rules` decides what a conversion does, `keeping` what it keeps,
`versions` what differs between API versions, `routes` what can be asked, `refusals` how it says no.
"""

from harness.core.newest_version import NEWEST_VERSION
from harness.sandbox.rules.versions import VERSIONS
from harness.sandbox.sandbox_backend import Sandbox
from harness.sandbox.workspaces.admin import WorkspaceAdmin

__all__ = ["NEWEST_VERSION", "VERSIONS", "Sandbox", "WorkspaceAdmin"]
