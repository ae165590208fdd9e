"""The loopback HTTP server: plain HTTP, HTTPS proxy and TLS on one port."""
