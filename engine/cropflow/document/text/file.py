"""A document's text from its file; everything that can go wrong is told as a mistake that names the path."""

from __future__ import annotations

from pathlib import Path

from cropflow.errors import Position, Problem, WorkflowError

_REASONS: dict[type[Exception], tuple[str, str]] = {
    FileNotFoundError: ("there is no such file", "check the path; it is relative to the current folder"),
    IsADirectoryError: ("this is a folder", "name a .json or .yaml file in it"),
    NotADirectoryError: ("a part of the path is a file, not a folder", "check the path"),
    PermissionError: ("reading it is not permitted", "change the permissions of the file"),
}
_NOT_A_PATH = "this must be a path; a document that is given as text is read by `loads`"


def read_file(path: Path) -> str:
    """Return the text of a UTF-8 file, without a byte order mark.

    Raises:
        WorkflowError: the file cannot be read, or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WorkflowError([_not_utf8(path, error)]) from error
    except (OSError, ValueError) as error:
        raise WorkflowError([_unreadable(path, error)]) from error


def _unreadable(path: Path, error: Exception) -> Problem:
    reason, hint = _REASONS.get(type(error), (_reason(error), _NOT_A_PATH))
    name = str(path)
    if "\n" in name or name.lstrip().startswith("{"):  # the text of a document in place of its path
        name, hint = name[:80], _NOT_A_PATH
    return Problem("unreadable-file", f"the document {name!r} cannot be read: {reason}", hint=hint)


def _reason(error: Exception) -> str:
    """Return the reason without the path, which an `OSError` repeats in full."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _not_utf8(path: Path, error: UnicodeDecodeError) -> Problem:
    before = error.object[: error.start]
    column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
    position = Position(before.count(b"\n") + 1, column, str(path))
    message = f"the document {str(path)!r} is not UTF-8 text"
    return Problem("unreadable-file", message, position, hint="save the file in the encoding UTF-8")
