"""What `podium export` writes beside a compiled model."""
