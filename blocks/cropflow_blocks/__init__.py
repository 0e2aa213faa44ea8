"""The core blocks, found through the entry-point group `cropflow.blocks` like those of any plug-in."""
