"""What sinks of training data share: where a picture goes, so that it does not depend on the order of a run."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import AfterValidator

from cropflow.block import Port
from cropflow.image import Image
from cropflow.kinds import ZeroToOne
from cropflow.names import safe_name
from cropflow_blocks.sinks.template import check_folder, filled, index_of, source_of

Folder = Annotated[str, AfterValidator(check_folder), Port("folder of the data set inside the output folder")]
Split = Annotated[Literal["train", "val", "test"], Port("the part of the data set that pictures go to")]
Share = Annotated[
    ZeroToOne, Port("share that goes to val instead; crops of one input picture, or of one frame, stay together")
]
FileType = Annotated[Literal["jpg", "png"], Port("how pictures are saved: jpg is small, png keeps every pixel")]


def split_of(image: Image, split: str, share: float) -> str:
    """Return the part of the data set a picture goes to.

    A share of the input pictures goes to `val`, by a hash of their ids; so the answer is always the same, and crops of
    a picture that is learnt from are not used to judge what was learnt.
    """
    digest = hashlib.sha256(image.origin.source.id.encode("utf-8", "surrogatepass")).digest()
    return "val" if int.from_bytes(digest[:8]) < share * 2**64 else split


def place_of(image: Image, folder: str, ext: str) -> str:
    """Return the path for a picture, without folders of its own: `sub/a.jpg/detect/3` → `sub-a-3`."""
    source = safe_name(source_of(image).replace("/", "-").replace("\\", "-"))
    return filled(folder, f"{{source}}-{{index}}.{ext}", {"source": source, "index": index_of(image)})
