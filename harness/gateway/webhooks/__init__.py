"""Webhook delivery and a receiver for it."""
