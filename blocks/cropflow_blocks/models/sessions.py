"""What runs networks of Ultralytics' architectures: pictures go in as bytes, what they show comes out as numbers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from cropflow.image.decode import Pixels
from cropflow.models import DetectSettings, Task
from cropflow_blocks.models.decoding import Floats, rows_of_answer, rows_of_places
from cropflow_blocks.models.letterbox import Size

AT_ONCE = 2 * 640 * 640
"""Pixels that go through a network at once on a CPU; with more, what lies between its layers leaves the caches."""


@dataclass(frozen=True, slots=True, eq=False)
class Signature:
    """What a network takes and gives.

    Attributes:
        size: (height, width) of what it sees; any multiple of the stride will do if `free`.
        end_to_end: whether it chooses among overlapping boxes itself, and so leaves some in.
        points: names of its key points, classes × points.
    """

    task: Task
    names: NDArray[np.str_]
    size: Size
    stride: int
    free: bool
    end_to_end: bool
    points: NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What a network says of some pictures.

    Attributes:
        rows: for each of them n×(6 + k), see `decoding`.
        maps: the maps that the masks of a picture are mixed of, by the number of the picture; for masks only.
    """

    rows: Sequence[Floats]
    maps: Callable[[int], Floats] | None


class Session(Protocol):
    """A network in a runtime.

    Attributes:
        runtime: its name.
        device: where it runs.
        lanes: how many threads may call it at the same time, each on a core of its own.
        batch: how many pictures it takes at once; `None` for any number.
        at_once: how many pixels had best go in at once; `None` for any number.
    """

    runtime: str
    device: str
    lanes: int
    batch: int | None
    at_once: int | None

    def room(self, count: int, size: Size) -> NDArray[np.uint8]:
        """Return where to put pictures for a call, count×h×w×3, BGR."""

    def find(
        self, pictures: NDArray[np.uint8], signature: Signature, settings: DetectSettings, *, beside: bool
    ) -> Shown:
        """Say what is where on pictures of one size, and surer than asked for.

        Args:
            beside: whether other threads call it too; otherwise a call has all cores.
        """

    def scores(self, pictures: NDArray[np.uint8], *, beside: bool) -> Floats:
        """Score whole pictures, n × classes."""


class ArraySession(Session):
    """A session whose network takes and gives arrays of numpy.

    Attributes:
        shape: of what goes in, n×3×h×w; `None` for a side that may be anything.
        number: the type of what goes in.
    """

    shape: tuple[int | None, ...]
    number: type[np.floating[Any]]

    @abstractmethod
    def run(self, batch: NDArray[Any], *, beside: bool) -> Sequence[NDArray[Any]]:
        """Run the network; each answer has a row for each picture."""

    def room(self, count: int, size: Size) -> NDArray[np.uint8]:
        """Return where to put pictures; see `Session.room`."""
        return np.empty((count, *size, 3), np.uint8)

    def find(
        self, pictures: NDArray[np.uint8], signature: Signature, settings: DetectSettings, *, beside: bool
    ) -> Shown:
        """Say what is where; see `Session.find`."""
        output, *maps = self._answers(pictures, beside)
        if signature.end_to_end:
            rows = rows_of_answer(output, settings.confidence)
        else:
            rows = rows_of_places(output, len(signature.names), settings.confidence)
        return Shown(rows, maps[0].__getitem__ if maps else None)

    def scores(self, pictures: NDArray[np.uint8], *, beside: bool) -> Floats:
        """Score whole pictures; see `Session.scores`."""
        return self._answers(pictures, beside)[0]

    def _answers(self, pictures: NDArray[np.uint8], beside: bool) -> list[Floats]:
        """Run the network; one that takes so many pictures at once gets so many, the last ones black."""
        batch = _as_input([*pictures]).astype(self.number, copy=False)
        short = (self.batch or len(batch)) - len(batch)
        batch = np.pad(batch, ((0, short), (0, 0), (0, 0), (0, 0))) if short else batch
        answers = self.run(batch, beside=beside)
        return [answer[: len(pictures)].astype(np.float32, copy=False) for answer in answers]


def _as_input(pictures: list[Pixels]) -> Floats:
    """Return pictures of one size, BGR, as a network takes them: n×3×h×w in RGB from 0 to 1."""
    blob: Floats = cv2.dnn.blobFromImages(pictures, 1 / 255, swapRB=True)  # type: ignore[assignment]
    return blob
