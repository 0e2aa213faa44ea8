"""The core blocks, a package for each family, found through entry points like those of any plug-in."""
