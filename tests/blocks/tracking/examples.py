"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cropflow import Image

from ..samples import Element, Examples, drawn


def followed(metadata: bool = False, **fields: Any) -> Callable[[], list[Element]]:
    """Boxes with tracker ids in the first frames of different videos, or with video metadata in place of frames."""

    def make() -> list[Element]:
        examples = drawn()
        for number, example in enumerate(examples):
            example["predictions"].tracker_id = np.arange(len(example["predictions"])) + 10 * number
        told = [_told(example["image"], metadata) for example in examples]
        return [{**t, "detections": e["predictions"], **fields} for t, e in zip(told, examples, strict=True)]

    return make


def _told(image: Image, metadata: bool) -> dict[str, Any]:
    return {"metadata": metadata_of(image)} if metadata else {"image": framed(image)}


def framed(image: Image) -> Image:
    return Image(image.pixels, id=image.id, stream=image.id, frame=0, fps=10)


def metadata_of(image: Image) -> dict[str, Any]:
    return {"video_identifier": image.id, "frame_number": 0, "fps": 10.0}


LINE = {"line_segment": [[20, 0], [20, 100]]}
ZONE = {"zone": [[0, 0], [40, 0], [40, 40], [0, 40]]}
PATH = {"reference_path": [[0, 0], [40, 40]]}

EXAMPLES: Examples = {
    "byte_tracker@v1": followed(metadata=True),
    "byte_tracker": followed(),
    "trackers_bytetrack": followed(),
    "trackers_sort": followed(),
    "trackers_ocsort": followed(),
    "trackers_botsort": followed(),
    "line_counter@v1": followed(metadata=True, **LINE),
    "line_counter": followed(**LINE),
    "time_in_zone@v1": lambda: [{**e, "metadata": metadata_of(e["image"])} for e in followed(**ZONE)()],
    "time_in_zone": followed(**ZONE),
    "velocity": followed(),
    "path_deviation_analytics@v1": followed(metadata=True, **PATH),
    "path_deviation_analytics": followed(**PATH),
    "detection_event_log": followed(),
}
