"""Blocks that draw predictions into a copy of a picture, with supervision's annotators."""
