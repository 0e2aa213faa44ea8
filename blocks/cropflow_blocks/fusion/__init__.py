"""Blocks that bring results of one level deeper back together: labels onto boxes, elements into lists."""
