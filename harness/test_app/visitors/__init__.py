"""Visitors of a TEST app: made by a real browser, or by a person with one."""
