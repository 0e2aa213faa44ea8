"""Blocks that keep what a workflow found: pictures and records in the output folder."""
