"""Syntax mistakes in plain words: what the JSON and YAML parsers say, said so that it can be acted on."""

from __future__ import annotations

import json
from typing import NamedTuple

import yaml
from yaml.reader import ReaderError

from cropflow.errors import Position, Problem


class _Words(NamedTuple):
    message: str
    hint: str


_JSON = {
    "Illegal trailing comma": _Words("a comma stands before a closing bracket", "remove the comma"),
    "Expecting property name": _Words("a key in double quotes is missing", 'write keys as "name"'),
    "Expecting ',' delimiter": _Words(
        "a comma or a closing bracket is missing before this place", "look at the end of the value before it"
    ),
    "Expecting ':' delimiter": _Words("a ':' is missing after the key", 'write "key": value'),
    "Expecting value": _Words(
        "a value is missing, or is written in a way JSON does not know",
        "put text in double quotes; true, false and null are lower case",
    ),
    "Extra data": _Words("the document is complete, but more text follows", "remove what follows"),
    "Unterminated string": _Words(
        "the double quote that begins here is never closed", "close the text with a double quote"
    ),
    "Invalid control character": _Words(
        "a line break or tab stands inside a text", "write it as \\n or \\t, or close the text before it"
    ),
    "Invalid \\": _Words(
        "a backslash stands inside a text and means nothing",
        "write two backslashes for one, or use forward slashes in paths",
    ),
}
_COMMA = _JSON["Illegal trailing comma"]
_COMMENT = _Words("JSON has no comments", "remove the comment, or save the document as .yaml")

_TAB = _Words("a tab is used for indentation", "indent with spaces")
_DEEP = _Words("lists and mappings are nested far too deeply", "check for brackets that are never closed")
_YAML = {
    "mapping values are not allowed": _Words(
        "a ':' stands where no key can begin",
        "put text that contains ': ' in quotes, and check the indentation of this line and the one before",
    ),
    "another document": _Words(
        "a second document begins here", "keep one workflow per file, without a '---' between two"
    ),
    "undefined alias": _Words(
        "this alias refers to a name that nothing above it bears",
        "write `&name` before the value to repeat; put text that begins with '*' in quotes",
    ),
    "undefined tag handle": _Words("this tag cannot be read", "put text that begins with '!' in quotes"),
    "end of stream": _Words("a quote is opened and never closed", "close the text with the same quote"),
    "unknown escape character": _Words(
        "a backslash stands inside a text in double quotes and means nothing",
        "write two backslashes for one, or use single quotes",
    ),
    "expected hexdecimal number": _Words(
        "a backslash stands inside a text in double quotes and means nothing",
        "write two backslashes for one, or use single quotes",
    ),
    "',' or '}'": _Words("a comma or the closing '}' is missing before this place", "check the line above, too"),
    "',' or ']'": _Words("a comma or the closing ']' is missing before this place", "check the line above, too"),
    "expected ':'": _Words("a ':' is missing after this key", "write `key: value`"),
    "expected key": _Words(
        "this line does not fit the lines above it", "give all keys of one mapping the same indentation"
    ),
    "'-' indicator": _Words(
        "this line does not fit the list above it", "begin the line with '- ', or indent it as the lines it belongs to"
    ),
    "<block end>": _Words("this line does not fit the lines above it", "check its indentation"),
    "node content": _Words("a value is missing here", "put text that begins with a bracket or ',' in quotes"),
    "<document start>": _Words("the document is complete, but more text follows", "check the brackets above"),
    "comment or line break": _Words(
        "a text that begins with '|' or '>' goes on in the next line", "put the text in quotes"
    ),
    "alphabetic or numeric": _Words("'&' or '*' stands here without a name", "put the text in quotes"),
    "tab character": _TAB,
    "nested too deeply": _DEEP,
    "maximum nesting depth": _DEEP,  # the parser's own limit, which newer ones have
}
_CLOSING = _Words("this bracket closes nothing", "remove it, or put text that begins with it in quotes")
_RESERVED = _Words("a text cannot begin with this character", "put the text in quotes")


def json_mistake(error: json.JSONDecodeError, file: str | None) -> Problem:
    """Return what the JSON parser did not understand."""
    rest, before = error.doc[error.pos :], error.doc[: error.pos].rstrip()
    words = _look_up(_JSON, error.msg)
    if rest.startswith(("//", "/*", "#")):
        words = _COMMENT
    elif rest.startswith(("}", "]")) and before.endswith(","):
        words = _COMMA
    position = Position(error.lineno, error.colno, file)
    return Problem("syntax", words.message, position, found=_excerpt(rest), hint=words.hint)


def yaml_mistake(error: yaml.YAMLError, text: str, file: str | None) -> Problem:
    """Return what the YAML parser did not understand."""
    if isinstance(error, ReaderError):
        return _forbidden_character(error, text, file)
    problem, mark = getattr(error, "problem", None), getattr(error, "problem_mark", None)
    rest = _rest(text, mark) if mark else ""
    words = _look_up(_YAML, str(problem or error))
    if rest.startswith(("}", "]")) and "',' or" not in str(problem):
        words = _CLOSING
    elif "cannot start any token" in str(problem):
        words = _TAB if rest.startswith("\t") else _RESERVED
    position = Position(mark.line + 1, mark.column + 1, file) if mark else None
    return Problem("syntax", words.message, position, found=_excerpt(rest), hint=words.hint)


def surrogate_mistake(error: UnicodeEncodeError, file: str | None) -> Problem:
    """Return the mistake of a text that is no Unicode."""
    position = _position(str(error.object), error.start, file)
    message = "half of a character stands here (a lone surrogate), which cannot be stored"
    return Problem("syntax", message, position, hint="write the character anew")


def _forbidden_character(error: ReaderError, text: str, file: str | None) -> Problem:
    code = error.character if isinstance(error.character, int) else ord(error.character)
    message = f"an invisible control character (U+{code:04X}) stands here"
    return Problem("syntax", message, _position(text, error.position, file), hint="remove it")


def _position(text: str, index: int, file: str | None) -> Position:
    before = text[:index]
    return Position(before.count("\n") + 1, index - before.rfind("\n"), file)


def _look_up(table: dict[str, _Words], problem: str) -> _Words:
    for part, words in table.items():
        if part in problem:
            return words
    return _Words(f"the text cannot be read: {problem}", "check quotes, brackets and indentation around here")


def _rest(text: str, mark: yaml.Mark) -> str:
    lines = text.splitlines()
    return lines[mark.line][mark.column :] if mark.line < len(lines) else ""


def _excerpt(rest: str) -> str:
    line = rest.split("\n", 1)[0].strip()
    if not rest:
        return "the end of the text"
    return f"{line[:40]} …" if len(line) > 40 else line or "the end of the line"
