"""The command line. It is the only part that reads the environment, prints, and ends the process."""

from cropflow.cli.app import main

__all__ = ["main"]
