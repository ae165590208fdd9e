"""Start one command under Landlock and a seccomp supervisor, for systems that allow no namespaces.

Run by its path: `sandlock_launcher.py '{"allow": ["tcp://127.0.0.1:8080"]}' COMMAND…`. It hands its streams and the
command's exit status on. It needs the package `sandlock` (the extra `containment`).
"""

from __future__ import annotations

import json
import sys

from sandlock import Sandbox


def main() -> int:
    """Run the command inside, and return its exit status (128 plus the signal where a signal ended it)."""
    config = json.loads(sys.argv[1])
    sandbox = Sandbox(fs_readable=["/"], fs_writable=["/"], net_allow=config["allow"], net_allow_bind=["*"])
    status: int = sandbox.run_interactive(sys.argv[2:])
    return status


if __name__ == "__main__":
    sys.exit(main())
