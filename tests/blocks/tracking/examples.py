"""What the contract suite runs the blocks of this family with: first frames, each of a video of its own."""

from __future__ import annotations

import numpy as np

from cropflow import Image

from ..samples import ROOT, Element, Examples, boxes, pictures

SQUARE = [[0, 0], [40, 0], [40, 40], [0, 40]]
CLASSIFIER = str(ROOT / "models" / "digits-classify.pt")


def found(**fields: object) -> list[Element]:
    """Boxes without ids, on first frames of different videos."""
    examples = []
    for number, picture in enumerate(pictures()):
        image = Image(picture.pixels, id=picture.id, stream=f"video {number}", frame=0, fps=10.0)
        examples.append({"image": image, "detections": boxes(image, number), **fields})
    return examples


def tracked(**fields: object) -> list[Element]:
    """The same with ids."""
    examples = found(**fields)
    for example in examples:
        example["detections"].tracker_id = np.arange(len(example["detections"])) + 7
    return examples


def told(examples: list[Element], image: bool = False) -> list[Element]:
    """Video metadata in the place of frames, or beside them."""
    return [
        {
            "metadata": {"video_identifier": f"video {number}", "frame_number": 0, "fps": 10.0},
            **{name: value for name, value in example.items() if image or name != "image"},
        }
        for number, example in enumerate(examples)
    ]


def crops() -> list[Element]:
    """Crops with the box of each."""
    examples = []
    for example in tracked()[1:]:
        image, box = example["image"], example["detections"][:1]
        (crop,) = image.crops(box.xyxy, ["crop"])
        examples.append({"images": crop, "predictions": box, "model_id": CLASSIFIER})
    return examples


EXAMPLES: Examples = {
    "byte_tracker@v1": lambda: told(found()),
    "byte_tracker": found,
    "trackers_bytetrack": lambda: found(minimum_consecutive_frames=1),
    "trackers_botsort": lambda: found(instant_first_frame_activation=True),
    "trackers_ocsort": lambda: found(minimum_consecutive_frames=1),
    "trackers_sort": lambda: found(minimum_consecutive_frames=1),
    "line_counter@v1": lambda: told(tracked(line_segment=SQUARE[:2])),
    "line_counter": lambda: tracked(line_segment=SQUARE[:2]),
    "time_in_zone@v1": lambda: told(tracked(zone=SQUARE), image=True),
    "time_in_zone": lambda: tracked(zone=SQUARE, remove_out_of_zone_detections=False),
    "velocity": tracked,
    "path_deviation_analytics@v1": lambda: told(tracked(reference_path=SQUARE)),
    "path_deviation_analytics": lambda: tracked(reference_path=SQUARE),
    "detection_event_log": tracked,
    "reclassify": crops,
}
