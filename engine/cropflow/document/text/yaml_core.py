"""YAML read by the core schema of YAML 1.2, so that a YAML document means what the same JSON would mean.

PyYAML's own schema is YAML 1.1: `no` would be false, `12:30` the number 750 and `1e-5` a text. The parser is
PyYAML's (libyaml where it is installed); which scalar means what is decided here, and nothing beyond plain
data is ever made: a tag such as `!!python/object` is a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import yaml
from yaml.composer import ComposerError

MAX_DEPTH = 100
"""How deep lists and mappings may be nested; far more than any workflow needs, and safe for every parser."""

_TAG = "tag:yaml.org,2002:"

if TYPE_CHECKING:
    _Base = yaml.BaseLoader
else:
    _Base = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class _CoreLoader(_Base):
    """The base loader, which knows no schema, plus the scalars of the core schema."""

    depth = 0

    def descend_resolver(self, current_node: yaml.Node | None, current_index: object) -> None:
        """Called by the composer before each node: libyaml's would otherwise overflow the C stack."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark = current_node.start_mark if current_node else None
            raise ComposerError(None, None, "nested too deeply", mark)

    def ascend_resolver(self) -> None:
        """Called by the composer after each node."""
        self.depth -= 1


_PATTERNS = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
}
for _name, (_pattern, _first) in _PATTERNS.items():
    _CoreLoader.add_implicit_resolver(_TAG + _name, re.compile(f"(?:{_pattern})$"), _first)


def compose(text: str) -> yaml.Node | None:
    """Return the nodes of a YAML (or JSON) text, `None` for an empty one; raises `yaml.YAMLError`."""
    return yaml.compose(text, Loader=_CoreLoader)


def is_merge(key: yaml.Node) -> bool:
    """Whether a key is the merge key `<<`, written without quotes."""
    return isinstance(key, yaml.ScalarNode) and key.value == "<<" and not key.style


def _integer(text: str) -> int:
    if len(text) > 4300:  # Python reads longer ones in base 8 and 16, and then cannot show them
        raise ValueError("too many digits")
    bases = {"0o": 8, "0x": 16}
    return int(text[2:], bases[text[:2]]) if text[:2] in bases else int(text)


def _number(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


_NULLS = dict.fromkeys(["", "~", "null", "Null", "NULL"])
_BOOLEANS = {spelling: spelling.lower() == "true" for spelling in _PATTERNS["bool"][0].split("|")}
_SCALARS: dict[str, Callable[[str], object]] = {
    _TAG + "null": _NULLS.__getitem__,
    _TAG + "bool": _BOOLEANS.__getitem__,
    _TAG + "int": _integer,
    _TAG + "float": _number,
    _TAG + "str": str,
}


def scalar(node: yaml.ScalarNode) -> object:
    """Return the value of a scalar: None, bool, int, float or str.

    Raises:
        LookupError: the tag is none of the core schema, or the text is not what the tag says.
        ValueError: likewise.
    """
    return _SCALARS[node.tag](node.value)


def is_plain(node: yaml.Node) -> bool:
    """Whether a mapping or sequence has the tag every plain one has."""
    return node.tag == _TAG + ("map" if isinstance(node, yaml.MappingNode) else "seq")


def short_tag(node: yaml.Node) -> str:
    """Return the tag as people write it: `!!set`, `!mine`."""
    return node.tag.replace(_TAG, "!!")
