"""Decide which requests may reach a TEST app, and hold the others back."""
