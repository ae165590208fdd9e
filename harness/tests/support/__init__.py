"""Shared by the tests: servers, requests, recordings and projects to run them on."""
