"""The commands: each parses, asks once, and prints."""
