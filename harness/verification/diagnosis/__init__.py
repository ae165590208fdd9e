"""Reasons for a refuted claim: what the pipeline was seen to do."""
