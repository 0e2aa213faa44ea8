"""Blocks that read what is written: QR codes, bar codes and text."""

__all__: list[str] = []
