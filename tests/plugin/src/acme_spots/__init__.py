"""Bright spots: a kind, two blocks and a model format, installed as an ordinary package."""
