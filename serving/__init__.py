"""Answers requests: the scoring server, and how it follows the ledger."""
