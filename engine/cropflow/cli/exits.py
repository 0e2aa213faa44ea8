"""Exit codes, and the one place where errors become sentences on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from cropflow.cli.problems import print_problems
from cropflow.cli.terminal import tell
from cropflow.errors import CropflowError, InputError, WorkflowError

FINE = 0
REFUSED = 1
USAGE = 2
FAILED = 3
INTERRUPTED = 130
BROKEN_PIPE = 141

EXIT_CODES = (
    "Exit codes: 0 fine, 1 the document is refused, 2 wrong usage, 3 elements were skipped or a failure "
    "stopped the run, 130 interrupted."
)


class UsageError(Exception):
    """The command line cannot be followed; the message says what to write."""


@contextmanager
def told_errors() -> Iterator[None]:
    """Turn errors into a message on stderr and an exit code."""
    try:
        yield
    except (UsageError, InputError) as error:
        tell(f"Error: {error}")
        raise typer.Exit(USAGE) from error
    except WorkflowError as error:
        print_problems(error)
        raise typer.Exit(REFUSED) from error
    except CropflowError as error:
        tell(f"Error: {error}")
        raise typer.Exit(REFUSED) from error
    except BrokenPipeError as error:  # such as `| head`; Python would complain again when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(BROKEN_PIPE) from error
    except OSError as error:
        tell(f"Error: {f'{error.filename}: ' if error.filename else ''}{error.strerror or error}")
        raise typer.Exit(FAILED) from error
