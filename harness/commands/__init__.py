"""The subcommands of `harness`, one module each; `harness.cli` loads a module only when its command is asked for."""
