"""Podium: an end-to-end MLOps platform on plain MLflow."""

__version__ = "0.1.0"
