"""Ways into the gateway for code that opens no loopback socket: an adapter, patched clients, preloads."""
