"""The one way from anything to any backend."""

from harness.gateway.core import Gateway, Layer, Stage
from harness.gateway.exchange_log import ExchangeLog

__all__ = ["ExchangeLog", "Gateway", "Layer", "Stage"]
