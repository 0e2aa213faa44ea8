"""What a model has to do, so that the engine needs no framework and a framework needs no engine internals.

A framework plugs in with a `ModelLoader` in the entry-point group `cropflow.models`:

    [project.entry-points."cropflow.models"]
    acme = "acme.cropflow:AcmeLoader"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from supervision import Detections

Task = Literal["detect", "segment", "pose", "obb", "classify", "semantic"]
"""What weights were trained to do, in the words of Ultralytics."""


Runtime = Literal["file", "auto", "torch", "onnx", "openvino"]
"""What runs `.pt` weights: torch as the `file` says, another after an export, or `auto`, the fastest installed."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What the weights say about themselves.

    Attributes:
        name: the file name.
        path: where they were loaded from.
        task: what they do.
        names: the class names; the index is the class id.
        image_size: (height, width) in pixels that pictures are brought to.
        runtime: what runs them, such as `torch` or `onnx`.
        device: where they run, such as `cpu` or `cuda:0`.
    """

    name: str
    path: Path
    task: Task
    names: tuple[str, ...]
    image_size: tuple[int, int]
    runtime: str
    device: str


@dataclass(frozen=True, slots=True)
class DetectSettings:
    """What one call of a detector asks for.

    Attributes:
        confidence: boxes below are dropped; 0 to 1.
        iou: of two boxes that overlap by more than this, the weaker one is dropped; 0 to 1.
        max_detections: the most boxes of one picture, best first.
        class_agnostic: boxes of different classes suppress each other too.
        classes: the class ids to keep; `None` keeps all.
        shapes: also return what tells more than a box, where the weights find it; see `Model.detect`.
        image_size: (height, width) in pixels that pictures are brought to; `None` takes that of the weights.
        augment: look at each picture in several sizes and mirrored, and put the answers together (test-time
            augmentation).
        fine_masks: cut masks at the resolution of the picture; otherwise at that of the model, which gives steps.
    """

    confidence: float = 0.4
    iou: float = 0.3
    max_detections: int = 300
    class_agnostic: bool = False
    classes: tuple[int, ...] | None = None
    shapes: bool = False
    image_size: tuple[int, int] | None = None
    augment: bool = False
    fine_masks: bool = True


class Model(Protocol):
    """A loaded set of weights; the store never lets two threads in at once."""

    @property
    def info(self) -> ModelInfo:
        """What the weights say about themselves."""

    def detect(self, images: Sequence[NDArray[np.uint8]], settings: DetectSettings) -> list[Detections]:
        """Find objects, whatever mixture of sizes: each answer is that of a call with this picture alone.

        Args:
            images: pictures, height × width × 3 in BGR.
            settings: thresholds of this call.

        Returns:
            One `supervision.Detections` for each picture, best confidence first: boxes float32
            (x0, y0, x1, y1) in pixels of the picture, with `class_id`, `confidence` and `data["class_name"]`.
            With `settings.shapes` they also carry, even where nothing is found (n boxes, k points each):

            - `segment`: `mask`, a supervision `CompactMask` with the resolution of the picture. It is stored
              per box, so memory goes with the objects, not with their number times the picture.
            - `pose`: `data["keypoints_xy"]` n×k×2 float32, and `keypoints_confidence`,
              `keypoints_class_id` and `keypoints_class_name`, n×k each.
            - `obb`: `data["xyxyxyxy"]` and `data["rect"]`, the four corners, n×4×2 float32; `width`, `height`
              in pixels, and `angle`, degrees clockwise from the x axis to the side called width.

            `semantic` weights give every class that covers a pixel as one entry, ordered by class id: `mask`,
            the box around it and, where the weights tell, the mean probability of its pixels. Pixels below
            `settings.confidence` belong to no class; `iou` and `max_detections` mean nothing there.

        Raises:
            ModelError: the weights do no detection, or fail.
        """

    def classify(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Score whole pictures.

        Args:
            images: pictures, height × width × 3 in BGR.

        Returns:
            Probabilities, pictures × classes, float32.

        Raises:
            ModelError: the weights do no classification, or fail.
        """

    def close(self) -> None:
        """Let go of the weights."""


@runtime_checkable
class Network(Protocol):
    """What a model may give beside its answers, where its runtime lets somebody look inside."""

    def embed(self, images: Sequence[NDArray[np.uint8]], layers: Sequence[int] | None) -> list[NDArray[np.float32]]:
        """Describe pictures by what goes on in the network, whatever task it was trained for.

        Args:
            images: pictures, height × width × 3 in BGR.
            layers: numbers of layers, whose means over the picture are joined; `None` takes the last before the head.

        Returns:
            A vector for each picture, float32.

        Raises:
            ModelError: there is no such layer.
        """

    def activation(self, image: NDArray[np.uint8], settings: DetectSettings) -> NDArray[np.uint8]:
        """Show what in a picture speaks for what was found: the picture with a heat map over it, h×w×3 in BGR."""


class ModelLoader(Protocol):
    """Loads the weights of one framework; made without arguments, cheap until something is loaded."""

    def accepts(self, path: Path) -> bool:
        """Tell from the path alone whether these weights are of this framework."""

    def load(self, path: Path, *, device: str | None, image_size: int | None, half: bool, cache_dir: Path) -> Model:
        """Load weights.

        Args:
            path: an existing file or folder.
            device: such as `cpu`, `cuda:0` or `mps`; `None` leaves the choice to the framework.
            image_size: pixels of the longer side, where the name of the model asks for a size of its own;
                `None` takes the size the weights were trained for.
            half: calculate with 16-bit numbers, where the device can.
            cache_dir: the one folder the framework may write to.

        Raises:
            ModelError: the weights cannot be loaded.
        """

    def download(self, name: str, folder: Path) -> Path:
        """Fetch published weights, such as `yolov8n.pt`, into a folder; called only where that is allowed.

        Raises:
            ModelError: the framework publishes no such weights, or they cannot be fetched.
        """


@runtime_checkable
class Converter(Protocol):
    """What a loader does that can bring weights to another runtime."""

    def convert(self, path: Path, runtime: Runtime, *, device: str | None, cache_dir: Path) -> Path:
        """Return weights for a runtime, exported into the cache if need be.

        Raises:
            ModelError: the weights cannot be brought there, or a package is missing.
        """
