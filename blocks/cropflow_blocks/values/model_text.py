"""Finds the JSON in what a language model wrote."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

from cropflow.block import Port
from cropflow.image import Image
from cropflow.kinds import KINDS

Picture = Annotated[Image, Port("the picture that the text is about")]
Answer = Annotated[str, KINDS["language_model_output"], Port("the text: JSON, or JSON in a fence")]
Classes = Annotated[list[str], Port("names of the classes; the place is the class id")]

_FENCED = re.compile(r"```json\s*(.*?)```", re.DOTALL | re.IGNORECASE)


def read_json(text: str) -> Any:
    """Return what JSON text says: the first part that is fenced as JSON, or else the whole; `None` where it is none."""
    fenced = _FENCED.search(text)
    try:
        return json.loads(fenced[1] if fenced else text)
    except (ValueError, RecursionError):
        return None
