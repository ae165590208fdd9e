"""Mutation testing at the gateway: a right pipeline is run again with one request or answer of it changed on purpose.

Each change is a mutant. A scenario should refute it; one that no scenario refutes shows what the scenarios do not see.
"""
