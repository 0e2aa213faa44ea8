"""The answer of a classifier about one image: all class scores, and the ids that tie it to its crop.

A plain value object rather than a dictionary, so that blocks read `.top` and `.confidence` with types, while
the JSON form keeps the field names that existing clients know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cropflow.errors import InputError
from cropflow.image.origin import Origin
from cropflow.jsonable import to_json
from cropflow.wire import LabelsWire, LabelWire, ScoreWire, read

_WHAT = "the classification"


@dataclass(frozen=True, slots=True, eq=False)
class Classification:
    """Scores of all classes for one image.

    Attributes:
        names: class names; the index is the class id.
        scores: float32, one per class; NaN where the score is not known.
        threshold: classes with a lower score are not reported.
        origin: the image that was classified.
        inference_id: the id of the model call, where there is one.
        multi_label: whether several classes can hold at once; changes only the JSON form.

    Raises:
        ValueError: the numbers of names and scores differ.

    >>> digits = Classification(("cat", "dog"), np.array([0.25, 0.75]), threshold=0.5)
    >>> digits.top, digits.class_id, digits.confidence
    ('dog', 1, 0.75)
    """

    names: tuple[str, ...]
    scores: npt.NDArray[np.float32]
    threshold: float = 0.0
    origin: Origin | None = None
    inference_id: str | None = None
    multi_label: bool = False

    def __post_init__(self) -> None:
        scores = np.asarray(self.scores, dtype=np.float32)
        if scores.shape != (len(self.names),):
            raise ValueError(f"{len(self.names)} class names but scores of shape {scores.shape}; give one per class")
        object.__setattr__(self, "scores", scores)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Classification):
            return NotImplemented
        return self._key() == other._key() and np.array_equal(self.scores, other.scores, equal_nan=True)

    def _key(self) -> tuple[Any, ...]:
        return self.names, self.threshold, self.origin, self.inference_id, self.multi_label

    @property
    def reached(self) -> tuple[int, ...]:
        """Ids of the classes that reach the threshold, best first, equal ones in class order."""
        order = np.argsort(-self.scores, kind="stable")
        return tuple(order[self.scores[order] >= self.threshold].tolist())

    @property
    def class_id(self) -> int | None:
        """Id of the best class; `None` where no class reaches the threshold."""
        if not self.names:
            return None
        known = np.nan_to_num(self.scores, nan=-np.inf)
        best = int(known.argmax())
        return best if known[best] >= self.threshold else None

    @property
    def top(self) -> str | None:
        """Name of the best class; `None` where no class reaches the threshold."""
        class_id = self.class_id
        return None if class_id is None else self.names[class_id]

    @property
    def confidence(self) -> float:
        """Score of the best class; 0.0 where no class reaches the threshold."""
        class_id = self.class_id
        return 0.0 if class_id is None else float(self.scores[class_id])

    def to_json(self) -> dict[str, Any]:
        """Return the wire form; ids and the image size are given as far as they are known."""
        form = {"inference_id": self.inference_id} if self.inference_id is not None else {}
        answer = self._many() if self.multi_label else self._one()
        return {
            **form,
            **_image(self.origin),
            **answer,
            "prediction_type": "classification",
            **_ids(self.origin),
        }

    def _one(self) -> dict[str, Any]:
        predictions = [{"class": self.names[i], **self._score(i)} for i in self.reached]
        return {"predictions": predictions, "top": self.top or "", "confidence": to_json(self.confidence)}

    def _many(self) -> dict[str, Any]:
        known = np.flatnonzero(~np.isnan(self.scores)).tolist()
        predictions = {self.names[i]: self._score(i) for i in known}
        return {"predictions": predictions, "predicted_classes": [self.names[i] for i in self.reached]}

    def _score(self, i: int) -> dict[str, Any]:
        return {"class_id": i, "confidence": to_json(self.scores[i])}

    @staticmethod
    def from_json(value: object) -> Classification:
        """Read the wire form, single or multi label.

        Class ids that the form does not list have the name `""` and the score NaN. The threshold is not part
        of the form: it is 0 for a single label, and for many the lowest score among `predicted_classes`. Of
        an image that goes back to another one only the id of that other one is known, so its size reads 0 ×
        0.

        Raises:
            InputError: naming the entry and field that is wrong.
        """
        many = isinstance(value, dict) and isinstance(value.get("predictions"), dict)
        return _from_many(value) if many else _from_one(value)


def _image(origin: Origin | None) -> dict[str, Any]:
    return {"image": {"width": origin.width, "height": origin.height}} if origin else {}


def _ids(origin: Origin | None) -> dict[str, str]:
    return {"parent_id": origin.id, "root_parent_id": origin.source.id} if origin else {}


def _from_one(value: object) -> Classification:
    wire = read(LabelWire, value, _WHAT)
    names, scores = _columns([(entry.class_name, entry) for entry in wire.predictions])
    return Classification(names, scores, 0.0, _origin(wire), wire.inference_id)


def _from_many(value: object) -> Classification:
    wire = read(LabelsWire, value, _WHAT)
    names, scores = _columns(list(wire.predictions.items()))
    threshold = _threshold(wire.predictions, wire.predicted_classes)
    return Classification(names, scores, threshold, _origin(wire), wire.inference_id, multi_label=True)


def _columns(listed: list[tuple[str, ScoreWire]]) -> tuple[tuple[str, ...], npt.NDArray[np.float32]]:
    count = 1 + max((score.class_id for _, score in listed), default=-1)
    names, scores = [""] * count, np.full(count, np.nan, np.float32)
    for name, score in listed:
        if not np.isnan(scores[score.class_id]):
            raise InputError(
                f"{_WHAT} cannot be read: predictions gives class_id {score.class_id} to "
                f"{names[score.class_id]!r} and to {name!r}; give every class an id of its own"
            )
        names[score.class_id], scores[score.class_id] = name, score.confidence
    return tuple(names), scores


def _threshold(scores: dict[str, ScoreWire], predicted: list[str]) -> float:
    """Return a threshold that exactly the `predicted` classes reach."""
    unknown = [name for name in predicted if name not in scores]
    if unknown:
        raise InputError(
            f"{_WHAT} cannot be read: predicted_classes names {unknown[0]!r}, which is not among predictions"
        )
    reached = [np.float32(scores[name].confidence) for name in predicted]
    missed = [np.float32(score.confidence) for name, score in scores.items() if name not in predicted]
    if not reached:
        return float(np.nextafter(max(missed, default=np.float32(0)), np.float32(np.inf)))
    if missed and max(missed) >= min(reached):
        raise InputError(
            f"{_WHAT} cannot be read: predicted_classes leaves out a class that scores as high as one it "
            "names; it must name all classes from some confidence upwards"
        )
    return float(min(reached))


def _origin(wire: LabelWire | LabelsWire) -> Origin | None:
    if wire.image.width is None or wire.image.height is None:
        return None
    name = wire.parent_id or "image"
    root_id = wire.root_parent_id
    root = Origin(root_id, 0, 0) if root_id and root_id != name else None
    return Origin(name, wire.image.width, wire.image.height, root)
