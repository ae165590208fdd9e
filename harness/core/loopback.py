"""This machine's loopback: the only place to which the harness sends anything but a TEST app's own requests."""

from __future__ import annotations

import ipaddress
from typing import Final

ADDRESS: Final = "127.0.0.1"
"""Where servers of the harness listen, unless another address is named."""

NAMES: Final = ("localhost", ADDRESS, "::1")
"""The usual names of this machine, as `NO_PROXY` lists them."""


def is_loopback(host: str | None) -> bool:
    """Return whether a host can only mean this machine: `localhost`, or a loopback address in any notation.

    host: a name or an address, with or without brackets, zone and final dot; None is no host.
    """
    name = (host or "").strip("[]").partition("%")[0].rstrip(".").lower()
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
