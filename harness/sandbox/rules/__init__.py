"""The rules of conversions as sourced tables, and the errors, versions and assumptions they name."""
