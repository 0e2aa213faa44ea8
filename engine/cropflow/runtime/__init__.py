"""Runs plans: ragged columns, feeds, calls, the executor, and the results."""
