"""Blocks whose Python code stands in the document (`dynamic_blocks_definitions`); off unless the host allows it."""

from cropflow.dynamic.blocks import code_blocks, registry_of

__all__ = ["code_blocks", "registry_of"]
