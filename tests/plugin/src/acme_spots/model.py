"""The model format of this package: a text file with a threshold, found by its ending `.spots`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cropflow import Detections, ModelError
from cropflow.models import DetectSettings, ModelInfo


class SpotModel:
    """Finds regions that are brighter than a threshold."""

    def __init__(self, path: Path, threshold: int, device: str | None) -> None:
        self.threshold = threshold
        self.info = ModelInfo(path.name, path, "detect", ("spot",), (0, 0), "acme", device or "cpu")

    def detect(self, images: Sequence[NDArray[np.uint8]], settings: DetectSettings) -> list[Detections]:
        """Find the spots of every picture."""
        return [self._spots(image, settings.max_detections) for image in images]

    def classify(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Refuse: these models only find."""
        raise ModelError(f"{self.info.path} does no classification")

    def close(self) -> None:
        """Nothing is held open."""

    def _spots(self, image: NDArray[np.uint8], most: int) -> Detections:
        bright = (image.min(axis=2) > self.threshold).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(bright)
        found = sorted(stats[1:].tolist(), key=lambda row: -row[cv2.CC_STAT_AREA])[:most]
        boxes = np.array([[x, y, x + w, y + h] for x, y, w, h, _ in found], np.float32).reshape(-1, 4)
        return Detections(
            xyxy=boxes,
            class_id=np.zeros(len(boxes), int),
            confidence=np.ones(len(boxes), np.float32),
            data={"class_name": np.array(["spot"] * len(boxes))},
        )


class SpotLoader:
    """Loads `.spots` files."""

    def accepts(self, path: Path) -> bool:
        """Tell by the ending."""
        return path.suffix == ".spots"

    def load(self, path: Path, *, device: str | None, image_size: int | None, half: bool, cache_dir: Path) -> SpotModel:
        """Read the threshold."""
        try:
            return SpotModel(path, int(path.read_text()), device)
        except ValueError as error:
            raise ModelError(f"{path} must hold a whole number: {error}") from error

    def download(self, name: str, folder: Path) -> Path:
        """Refuse: nothing is published."""
        raise ModelError(f"no spots are published under {name!r}")
