"""`python -m harness`: the same as the `harness` command."""

from __future__ import annotations

import sys

from harness.cli.main import main

sys.exit(main())
