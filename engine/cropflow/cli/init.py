"""`cropflow init`: a first document to change, with comments that say what is what."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from cropflow.cli.exits import UsageError, told_errors

_STARTER = """\
# A Cropflow workflow: find objects, cut each of them out, save the cut-outs,
# and draw the boxes.
version: "1.0"

inputs:
  # what --source gives, one picture after the other
  - {type: WorkflowImage, name: image}
  # a setting; --set confidence=0.6 changes it
  - {type: WorkflowParameter, name: confidence, kind: [float_zero_to_one],
     default_value: 0.4}

steps: # in any order: the selectors say what depends on what
  - type: object_detection_model@v2
    name: detect
    images: $inputs.image
    # Change this to the path of your weights, or leave the name and say
    # --model detector=PATH.
    model_id: detector
    confidence: $inputs.confidence

  # From here on, every crop flows on by itself.
  - type: dynamic_crop@v1
    name: crop
    images: $inputs.image
    predictions: $steps.detect.predictions
    padding: 5%
    square: true # classifiers look at the middle square of a crop only

  # To name every crop, take away `# ` before these lines, and let `save`
  # read $steps.classify.predictions in place of $steps.crop.predictions.
  # - type: classification_model@v2
  #   name: classify
  #   images: $steps.crop.crops
  #   model_id: classifier

  # Writes into the folder of --out.
  - type: image_sink@v1
    name: save
    images: $steps.crop.crops
    predictions: $steps.crop.predictions
    folder: crops/{class}

  - type: bounding_box_visualization@v1
    name: boxes
    image: $inputs.image
    predictions: $steps.detect.predictions

outputs: # what a line of results.jsonl holds
  - {type: JsonField, name: objects, selector: $steps.detect.predictions}
  - {type: JsonField, name: annotated, selector: $steps.boxes.image}
"""


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command("init")(init)


def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The new document; YAML.")] = Path("workflow.yaml"),
) -> None:
    """Write a first document, with comments, to change.

    A file that is there already is left as it is.
    """
    with told_errors():
        if file.suffix.lower() not in (".yaml", ".yml"):
            raise UsageError(f"'{file}': the document has comments, which only YAML knows; name it {file.stem}.yaml")
        try:
            with file.open("x", encoding="utf-8") as opened:
                opened.write(_STARTER)
        except FileExistsError as error:
            raise UsageError(f"'{file}' is there already and is left as it is; name another file") from error
        name = shlex.quote(str(file))
        typer.echo(f"wrote {file}; tell it where your weights are, there or so:")
        typer.echo(f"  cropflow check {name} --model detector=PATH")
        typer.echo(f"  cropflow run {name} --model detector=PATH --source PICTURES --out out")
