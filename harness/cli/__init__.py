"""The subcommands of `harness`, one module each. `main` loads a module only when its command is used."""
