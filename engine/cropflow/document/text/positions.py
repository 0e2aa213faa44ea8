"""Where the parts of a document stand, so that every message can say line and column.

Both JSON and YAML are composed into YAML nodes, because nodes know their places. That happens when a place is
asked for the first time: a document without mistakes in JSON never pays for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import yaml

from cropflow.document.text.yaml_core import compose, is_merge
from cropflow.errors import Position

Path = tuple[str | int, ...]


@dataclass(frozen=True)  # no slots: `cached_property` needs the instance dictionary
class Positions:
    """The places of all parts of one text.

    >>> str(Positions("steps:\\n  - name: crop\\n", "w.yaml").find(("steps", 0, "name")))
    'w.yaml:2:5'

    Attributes:
        text: the document; empty for one that was given as a mapping, which has no places.
        file: what to call the document in messages.
    """

    text: str = field(default="", repr=False)
    file: str | None = None

    def find(self, path: Path) -> Position | None:
        """Return the place of `path`, or of the nearest enclosing part that is known.

        A field stands where its key stands, an element of a list where the element begins. `None` where the
        text has no places: a mapping, or JSON that the YAML parser cannot read.
        """
        node = self.root
        if node is None:
            return None
        mark = node.start_mark
        for part in path:
            found = _child(node, part)
            if found is None:
                break
            mark, node = found
        return self.at(mark)

    def at(self, mark: yaml.Mark) -> Position:
        """Return the position of a mark of the YAML parser."""
        return Position(mark.line + 1, mark.column + 1, self.file)

    @cached_property
    def root(self) -> yaml.Node | None:
        """The outermost node; `None` where the text has no places."""
        try:
            return compose(self.text)
        except (yaml.YAMLError, UnicodeEncodeError):
            return None


def _child(node: yaml.Node, part: str | int) -> tuple[yaml.Mark, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return _field(node, part)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark, node.value[part]
    return None


def _field(node: yaml.MappingNode, part: str | int) -> tuple[yaml.Mark, yaml.Node] | None:
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value == part and not is_merge(key):
            return key.start_mark, value
    return _merged_field(node, part)


def _merged_field(node: yaml.MappingNode, part: str | int) -> tuple[yaml.Mark, yaml.Node] | None:
    for key, value in node.value:
        for source in _sources(value) if is_merge(key) else ():
            # One level only: a merge inside a merge is rare, and a cycle of merges would never end.
            for inner, target in source.value:
                if isinstance(inner, yaml.ScalarNode) and inner.value == part:
                    return inner.start_mark, target
    return None


def _sources(node: yaml.Node) -> list[yaml.MappingNode]:
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return [source for source in nodes if isinstance(source, yaml.MappingNode)]
