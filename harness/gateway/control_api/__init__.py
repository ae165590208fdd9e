"""The control plane under `/_sandbox/`: settings, exchanges, faults, clock, checkpoints."""
