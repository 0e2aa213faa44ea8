"""From YAML nodes to plain data, noting what the data would hide: tags and duplicate keys."""

from __future__ import annotations

import yaml

from cropflow.document.text.positions import Path
from cropflow.document.text.report import Report
from cropflow.document.text.yaml_core import is_merge, is_plain, scalar, short_tag
from cropflow.errors import Problem

_TAG_HINT = "a workflow holds only text, numbers, true, false, null, lists and mappings: remove the tag"


class Constructor:
    """Builds dicts, lists and scalars from nodes.

    An anchored node is built once and shared, so time and memory stay in proportion to the text however often
    an alias repeats it (even a node inside itself); `cropflow.document.text.plain` decides what is too much.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._made: dict[int, object] = {}

    def value(self, node: yaml.Node, path: Path = ()) -> object:
        """Return the plain value of a node; mistakes go to the report."""
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if id(node) in self._made:
            return self._made[id(node)]
        if not is_plain(node):
            self._refuse_tag(node, path)
        return self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._list(node, path)

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> object:
        try:
            return scalar(node)
        except (LookupError, ValueError):
            self._refuse_tag(node, path)
            return node.value

    def _list(self, node: yaml.Node, path: Path) -> list[object]:
        made: list[object] = []
        self._made[id(node)] = made
        made.extend(self.value(item, (*path, i)) for i, item in enumerate(node.value))
        return made

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, object]:
        made: dict[str, object] = {}
        self._made[id(node)] = made
        keys: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if is_merge(key):
                continue
            if not isinstance(key, yaml.ScalarNode):
                self._refuse_key(key, path)
            elif key.value in keys:
                self._refuse_duplicate(key, keys[key.value], path)
            else:
                # A key is text as it is written: `0:` in YAML is "0" in JSON.
                keys[key.value] = key
                made[key.value] = self.value(value, (*path, key.value))
        self._merge(made, node, path)
        return made

    def _merge(self, made: dict[str, object], node: yaml.MappingNode, path: Path) -> None:
        for key, value in node.value:
            if is_merge(key):
                merged = self.value(value, (*path, "<<"))
                for source in merged if isinstance(merged, list) else [merged]:
                    self._take(made, source, key, path)

    def _take(self, made: dict[str, object], source: object, key: yaml.Node, path: Path) -> None:
        if isinstance(source, dict):
            for name, value in list(source.items()):
                made.setdefault(name, value)
            return
        message = "the merge key '<<' takes the fields of another mapping, and this is none"
        position = self._report.positions.at(key.start_mark)
        hint = "write an alias of a mapping, such as `<<: *defaults`, or put '<<' in quotes"
        self._report.add(Problem("syntax", message, position, path, hint=hint))

    def _refuse_tag(self, node: yaml.Node, path: Path) -> None:
        tag, text = short_tag(node), node.value if isinstance(node, yaml.ScalarNode) else None
        message, hint = f"the tag {tag!r} cannot be read here", _TAG_HINT
        if text is not None and tag in ("!!int", "!!float", "!!bool", "!!null"):
            message, hint = f"{text[:40]!r} cannot be read as {tag!r}", "write it in quotes if it is text"
        self._report.add(Problem("syntax", message, self._report.positions.at(node.start_mark), path, hint=hint))

    def _refuse_key(self, key: yaml.Node, path: Path) -> None:
        message = "a list or mapping stands where a key should stand"
        hint = "a key is a single word or text; put quotes around one that begins with '[' or '{'"
        self._report.add(Problem("syntax", message, self._report.positions.at(key.start_mark), path, hint=hint))

    def _refuse_duplicate(self, key: yaml.ScalarNode, first: yaml.Node, path: Path) -> None:
        place = self._report.positions.at(first.start_mark)
        self._report.add(
            Problem(
                "duplicate-key",
                f"the key {key.value!r} stands twice in the same mapping",
                self._report.positions.at(key.start_mark),
                (*path, key.value),
                hint=f"keep one of the two; the first stands at line {place.line}, column {place.column}",
            )
        )
