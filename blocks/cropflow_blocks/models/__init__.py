"""Blocks that run models, and the adapter that loads weights with Ultralytics."""
