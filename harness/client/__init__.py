"""The harness's own Intercom client: what `people` and `verification` ask with. It shares no code with the sandbox."""

from harness.client.intercom import NEWEST_VERSION, IntercomClient, Reading

__all__ = ["NEWEST_VERSION", "IntercomClient", "Reading"]
