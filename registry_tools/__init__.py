"""Who is champion, since when and why: the ledger, its gates, promotion and rollback."""
