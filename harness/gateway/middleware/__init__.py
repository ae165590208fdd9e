"""Middleware around a backend: faults, time scale, barriers, traffic log."""
