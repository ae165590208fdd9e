"""The one way from anything to any backend."""

from harness.gateway.core import Backend, Gateway, GatewaySession, Middleware
from harness.gateway.exchange_log import ExchangeLog

__all__ = ["Backend", "ExchangeLog", "Gateway", "GatewaySession", "Middleware"]
