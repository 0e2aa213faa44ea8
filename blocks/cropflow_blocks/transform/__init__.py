"""Blocks that make pictures out of pictures: crops around detections and crops of fixed regions."""
