"""Remove secrets and personal data from an exchange before it is written."""
