"""Run Intercom conversion pipelines where nothing can be hurt, and prove what they did."""

__version__ = "0.1.0"
