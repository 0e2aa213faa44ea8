"""What the blocks that read text share: fields, and the way to the one reader."""

from __future__ import annotations

import logging
from typing import Annotated

from cropflow.block import Batch, Block, Port
from cropflow.image import Image
from cropflow_blocks.reading.reader import TextReader, shared_reader

TASK = "ocr"
"""The `prediction_type` that existing documents know."""
NAME = "text"
"""The class of what is text but was not read."""

Images = Annotated[Batch[Image], Port("the pictures to look at", alias="image")]


class TextBlock(Block):
    """The base of the blocks that read text; it has no `run`."""

    def __init__(self) -> None:
        self._reader: TextReader | None = None
        self._told: set[str] = set()

    @property
    def reader(self) -> TextReader:
        """The reader that all steps share."""
        if self._reader is None:
            self._reader = shared_reader()
        return self._reader

    def tell_once(self, message: str) -> None:
        """Log a warning about the step, the first time only."""
        if message not in self._told:
            self._told.add(message)
            logging.getLogger("cropflow").warning("step %r: %s", self.step, message)

    def close(self) -> None:
        """Let go of the reader; its models leave memory with the last step that uses them."""
        self._reader = None
