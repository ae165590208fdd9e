"""The embedded Intercom: a backend that answers, and refuses, like the real one, and cannot hurt anybody.

It knows nothing of cassettes, pytest or the gateway. `rules` decides what a conversion does, `keeping` what it keeps,
`versions` what differs between API versions, `routes` what can be asked, `refusals` how it says no.
"""

from harness.sandbox.backend import Sandbox
from harness.sandbox.controlled import ControlledWorkspace
from harness.sandbox.versions import NEWEST_VERSION, VERSIONS

__all__ = ["NEWEST_VERSION", "VERSIONS", "ControlledWorkspace", "Sandbox"]
