"""Blocks that compute with plain values: properties, formulas, templates, parsers, secrets."""

__all__: list[str] = []
