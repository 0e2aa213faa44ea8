"""Operations on pictures and on what a classifier said of them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from cropflow.classification import Classification
from cropflow.image import Image
from cropflow.kinds import KINDS
from cropflow_blocks.query.operation import TEXT, Kinds, Operation, Parameters, Place, QueryError

Quality = Annotated[int, Field(ge=0, le=100)]


class ExtractImageProperty(Operation):
    """Read width, height, their product (`size`) or their quotient (`aspect_ratio`) of a picture, in pixels."""

    type: Literal["ExtractImageProperty"]
    property_name: Literal["size", "height", "width", "aspect_ratio"]
    takes = ("image",)

    def infer(self, kinds: Kinds, parameters: Mapping[str, Kinds] | None, place: Place) -> Kinds:
        """Only the quotient is no whole number."""
        return (KINDS["float" if self.property_name == "aspect_ratio" else "integer"],)

    def apply(self, value: Image, parameters: Parameters) -> float:
        """Read."""
        width, height = value.width, value.height
        found = {"width": width, "height": height, "size": width * height, "aspect_ratio": width / height}
        return found[self.property_name]


class ExtractFrameMetadata(Operation):
    """Read which frame of its video a picture is: its number, its moment, or seconds since the first frame."""

    type: Literal["ExtractFrameMetadata"]
    property_name: Literal["frame_number", "frame_timestamp", "seconds_since_start"]
    takes: ClassVar[tuple[str, ...]] = ("image", "video_metadata")

    def infer(self, kinds: Kinds, parameters: Mapping[str, Kinds] | None, place: Place) -> Kinds:
        """Each has a kind of its own."""
        names = {"frame_number": "integer", "frame_timestamp": "timestamp", "seconds_since_start": "float"}
        return (KINDS[names[self.property_name]],)

    def apply(self, value: Image | Mapping[str, Any], parameters: Parameters) -> int | float | datetime:
        """Read."""
        metadata: Mapping[str, Any] = _of_picture(value) if isinstance(value, Image) else value
        number = metadata.get("frame_number")
        if self.property_name == "frame_number":
            return number or 0
        if self.property_name == "seconds_since_start" and metadata.get("fps") and number is not None:
            return float(number / metadata["fps"])
        stamp = metadata.get("frame_timestamp")
        if self.property_name == "frame_timestamp" and stamp is not None:
            return stamp if isinstance(stamp, datetime) else datetime.fromisoformat(stamp)
        raise QueryError(
            f"{self.property_name} is not known here; frames of a video know their seconds_since_start, and only an "
            "input of type WorkflowVideoMetadata may know a frame_timestamp"
        )


def _of_picture(picture: Image) -> Mapping[str, Any]:
    return {"frame_number": picture.frame, "fps": picture.fps}


class ConvertImageToJPEG(Operation):
    """Encode a picture as JPEG; `compression_level` is its quality from 0 to 100."""

    type: Literal["ConvertImageToJPEG"]
    compression_level: Quality = 95
    takes, gives = ("image",), ("bytes",)

    def apply(self, value: Image, parameters: Parameters) -> bytes:
        """Encode."""
        return value.encode(".jpg", self.compression_level)


class ConvertImageToBase64(Operation):
    """Encode a picture as JPEG written in base64."""

    type: Literal["ConvertImageToBase64"]
    takes, gives = ("image",), TEXT

    def apply(self, value: Image, parameters: Parameters) -> str:
        """Encode."""
        return base64.b64encode(value.encode(".jpg")).decode("ascii")


class ClassificationPropertyExtract(Operation):
    """Read the best class, its confidence, or all of them; of several labels, lists of those that were reached."""

    type: Literal["ClassificationPropertyExtract"]
    property_name: Literal[
        "top_class", "top_class_confidence", "top_class_confidence_single", "all_classes", "all_confidences"
    ]
    takes = ("classification_prediction",)

    def infer(self, kinds: Kinds, parameters: Mapping[str, Kinds] | None, place: Place) -> Kinds:
        """Whether there are several labels shows only when it runs."""
        names = {
            "top_class": ("string", "list_of_values"),
            "top_class_confidence": ("float_zero_to_one", "list_of_values"),
            "top_class_confidence_single": ("float_zero_to_one",),
        }
        return tuple(KINDS[name] for name in names.get(self.property_name, ("list_of_values",)))

    def apply(self, value: Classification, parameters: Parameters) -> Any:
        """Read; a picture without a class has the class "" and the confidence 0."""
        reached = value.reached
        match self.property_name:
            case "all_classes":
                return list(value.names)
            case "all_confidences":
                return value.scores.tolist()
            case "top_class":
                return [value.names[i] for i in reached] if value.multi_label else value.top or ""
            case "top_class_confidence" if value.multi_label:
                return [float(value.scores[i]) for i in reached]
        return value.confidence
