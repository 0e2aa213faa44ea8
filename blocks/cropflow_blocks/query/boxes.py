"""Operations on predictions: choosing, sorting, moving, renaming and reading boxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from supervision import Detections

from cropflow.detections import moved, take, to_json
from cropflow.errors import SettingError
from cropflow.image.origin import Origin, Transform
from cropflow.kinds import KINDS
from cropflow_blocks.query.operation import (
    BOXES,
    LIST,
    MAPPING,
    Kinds,
    Operation,
    Parameters,
    Place,
    QueryError,
)
from cropflow_blocks.query.properties import KINDS_OF, Property, property_of
from cropflow_blocks.query.sequences import plain_list
from cropflow_blocks.query.statements import Operands, StatementGroup
from cropflow_blocks.query.values import Boxes, Column, Same


class _BoxesToBoxes(Operation):
    """Keeps the kind of the prediction it is given."""

    takes: ClassVar[tuple[str, ...]] = BOXES
    gives: ClassVar[tuple[str, ...]] = BOXES

    def infer(self, kinds: Kinds, parameters: Mapping[str, Kinds] | None, place: Place) -> Kinds:
        """What comes is what goes."""
        return kinds


class DetectionsFilter(_BoxesToBoxes):
    """Keep the boxes that statements hold for; in them the operand `_` is a box."""

    type: Literal["DetectionsFilter"]
    filter_operation: StatementGroup

    def infer(self, kinds: Kinds, parameters: Mapping[str, Kinds] | None, place: Place) -> Kinds:
        """Check the statements."""
        known = None if parameters is None else {**parameters, "_": (KINDS["detection"],)}
        self.filter_operation.check(known, (*place, "filter_operation"))
        return kinds

    def apply(self, value: Detections, parameters: Parameters) -> Detections:
        """Return the boxes that stay, in their order."""
        count = len(value)
        others = {name: Same(given, count) for name, given in parameters.items()}
        return take(value, self.filter_operation.mask(Operands(count, {**others, "_": Boxes(value)})))


class DetectionsOffset(_BoxesToBoxes):
    """Make boxes wider and higher by some pixels, half of them on each side; masks stay."""

    type: Literal["DetectionsOffset"]
    offset_x: int
    offset_y: int

    def apply(self, value: Detections, parameters: Parameters) -> Detections:
        """Return the larger boxes; they may reach over the border of the picture."""
        half = np.array([-self.offset_x, -self.offset_y, self.offset_x, self.offset_y]) / 2
        grown = take(value, slice(None))
        grown.xyxy = value.xyxy + half.astype(np.result_type(value.xyxy.dtype, np.float32))
        return grown


class DetectionsShift(_BoxesToBoxes):
    """Move boxes with their masks and points by some pixels."""

    type: Literal["DetectionsShift"]
    shift_x: int
    shift_y: int

    def apply(self, value: Detections, parameters: Parameters) -> Detections:
        """Return the boxes in their new place; they may lie outside of the picture."""
        origin = value.metadata.get("origin")
        height, width = (0, 0) if value.mask is None else value.mask.shape[1:]
        shifted = moved(value, Transform(self.shift_x, self.shift_y), origin or Origin("image", width, height))
        shifted.metadata = dict(value.metadata)
        return shifted


class DetectionsRename(_BoxesToBoxes):
    """Give classes other names.

    With `strict` every class must be in the map, and ids count the new names in alphabetical order. Without it other
    classes stay; a new name that is one of theirs shares its id, and further ones count from `new_classes_id_offset`.
    """

    type: Literal["DetectionsRename"]
    class_map: dict[str, str]
    strict: bool = True
    new_classes_id_offset: int = 1024

    def apply(self, value: Detections, parameters: Parameters) -> Detections:
        """Return the boxes under their new names."""
        names = plain_list(value.data.get("class_name", []))
        unknown = next((name for name in names if name not in self.class_map), None)
        if self.strict and unknown is not None:
            raise QueryError(
                f"DetectionsRename: class_map has no entry for {unknown!r}; add one, or set strict to false to keep "
                "such classes as they are"
            )
        renamed = [self.class_map.get(name, name) for name in names]
        ids = self._ids(dict(zip(names, _class_ids(value), strict=True)))
        answer = take(value, slice(None))
        answer.class_id = np.array([ids[name] for name in renamed], int)
        answer.data = {**answer.data, "class_name": np.array(renamed, str)}
        return answer

    def _ids(self, known: dict[str, int]) -> dict[str, int]:
        """Number the new names alike for every picture, whatever classes it shows."""
        first = 0 if self.strict else self.new_classes_id_offset
        new = {name: first + i for i, name in enumerate(sorted(set(self.class_map.values())))}
        return new if self.strict else new | known


class DetectionsSelection(_BoxesToBoxes):
    """Keep one box: by its place among the others, by the x of its centre, or the surest; the first of equal ones."""

    type: Literal["DetectionsSelection"]
    mode: Literal["left_most", "right_most", "top_confidence", "first", "last"]

    def apply(self, value: Detections, parameters: Parameters) -> Detections:
        """Return one box; none of none."""
        if not len(value):
            return value
        if self.mode in ("first", "last"):
            return take(value, 0 if self.mode == "first" else -1)
        if self.mode == "top_confidence":
            return take(value, int(_confidence(value).argmax()))
        x = value.xyxy[:, 0] + value.xyxy[:, 2]
        return take(value, int(x.argmin() if self.mode == "left_most" else x.argmax()))


class SortDetections(_BoxesToBoxes):
    """Put boxes in another order; equal ones keep theirs."""

    type: Literal["SortDetections"]
    mode: Literal["confidence", "x_min", "x_max", "y_min", "y_max", "size", "center_x", "center_y"]
    ascending: bool = True

    def apply(self, value: Detections, parameters: Parameters) -> Detections:
        """Return the boxes in order."""
        box = value.xyxy
        if self.mode == "confidence":
            keys = _confidence(value)
        elif self.mode.startswith("center"):
            axis = 0 if self.mode == "center_x" else 1
            keys = box[:, axis] + box[:, axis + 2]
        else:
            keys = np.asarray(property_of(value, self.mode))
        return take(value, np.argsort(keys if self.ascending else -keys, kind="stable"))


class PickDetectionsByParentClass(_BoxesToBoxes):
    """Keep the boxes of a class, and after them the other boxes whose centre lies in one of these."""

    type: Literal["PickDetectionsByParentClass"]
    parent_class: str

    def apply(self, value: Detections, parameters: Parameters) -> Detections:
        """Return parents, then children."""
        if not len(value):
            return value
        is_parent = np.array(plain_list(value.data.get("class_name", [""] * len(value)))) == self.parent_class
        parents = value.xyxy[is_parent]
        centre = ((value.xyxy[:, :2] + value.xyxy[:, 2:]) / 2)[:, None]
        inside = ((centre >= parents[None, :, :2]) & (centre <= parents[None, :, 2:])).all(axis=2).any(axis=1)
        return take(value, np.concatenate((np.flatnonzero(is_parent), np.flatnonzero(inside & ~is_parent))))


class DetectionsPropertyExtract(Operation):
    """Read a property of every box as a list."""

    type: Literal["DetectionsPropertyExtract"]
    property_name: Property
    takes, gives = BOXES, LIST

    def apply(self, value: Detections, parameters: Parameters) -> list[Any]:
        """Read."""
        column = property_of(value, self.property_name)
        if column is None and len(value):
            raise QueryError(
                f"these boxes have no {self.property_name!r}; put a step before this one that finds or measures it"
            )
        return [] if column is None else plain_list(column)


class DetectionsToDictionary(Operation):
    """Write boxes in the form of results: `{"image": …, "predictions": […]}`."""

    type: Literal["DetectionsToDictionary"]
    takes, gives = BOXES, MAPPING

    def apply(self, value: Detections, parameters: Parameters) -> dict[str, Any]:
        """Write."""
        return to_json(value)


class ExtractDetectionProperty(Operation):
    """Read a property of one box; nothing where it has none."""

    type: Literal["ExtractDetectionProperty"]
    property_name: Property
    takes = ("detection",)

    def infer(self, kinds: Kinds, parameters: Mapping[str, Kinds] | None, place: Place) -> Kinds:
        """Every property is of a kind of its own."""
        return (KINDS[KINDS_OF.get(self.property_name, "*")],)

    def column(self, column: Column, parameters: Parameters) -> Column:
        """Read it of all boxes at once."""
        if not isinstance(column, Boxes):
            return super().column(column, parameters)
        found = property_of(column.detections, self.property_name)
        return Same(None, len(column)) if found is None else found

    def apply(self, value: Detections, parameters: Parameters) -> Any:
        """Read."""
        if len(value) != 1:
            raise QueryError(f"ExtractDetectionProperty takes one box, but got {len(value)} of them")
        found = property_of(value, self.property_name)
        return None if found is None else plain_list(found)[0]


def refuse_lost_boxes(kinds: Kinds, place: Place) -> None:
    """Refuse a chain that does not end in boxes, for blocks whose output are boxes.

    Raises:
        SettingError: it ends in something else.
    """
    if all(kind.python != "Detections" and kind.name != "*" for kind in kinds):
        raise SettingError(
            "the operations do not end in predictions",
            place,
            expected="operations that give predictions, such as DetectionsFilter or DetectionsSelection",
            found=f"operations that give {' or '.join(map(str, kinds))}",
            hint="use property_definition@v1 to get anything else out of predictions",
        )


def _class_ids(value: Detections) -> list[int]:
    return [0] * len(value) if value.class_id is None else plain_list(value.class_id)


def _confidence(value: Detections) -> Any:
    return np.zeros(len(value)) if value.confidence is None else value.confidence
