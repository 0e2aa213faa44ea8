"""Runs in a fresh interpreter that has the plug-in installed: what its users rely on, printed as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from cropflow import Image, ModelStore, Workflow, WorkflowError
from cropflow.registry import installed
from cropflow.testing import check_block

folder = Path(sys.argv[1])
(folder / "bright.spots").write_text("100")
(folder / "workflow.yaml").write_text("""
version: "1.0"
inputs:
  - {type: WorkflowImage, name: image}
  - {type: WorkflowParameter, name: against, kind: [acme/light], default_value: 50}
steps:
  - {type: acme/find_spots@v1, name: find, images: $inputs.image, model_id: bright.spots}
  - {type: dynamic_crop@v1, name: crop, images: $inputs.image, predictions: $steps.find.predictions}
  - {type: acme/measure_light@v1, name: light, image: $steps.crop.crops, against: $inputs.against}
  - {type: acme/measure_light@v1, name: more, image: $steps.crop.crops, against: $steps.light.light}
outputs:
  - {type: JsonField, name: spots, selector: $steps.find.predictions}
  - {type: JsonField, name: light, selector: $steps.light.light}
  - {type: JsonField, name: more, selector: $steps.more.light}
""")
picture = np.zeros((40, 60, 3), np.uint8)
picture[5:15, 10:30] = 150
picture[20:24, 40:44] = 250

with Workflow.load(folder / "workflow.yaml") as workflow:
    result = workflow.run({"image": [picture, np.zeros_like(picture)]})
    kinds = {str(key): [kind.name for kind in kinds] for key, kinds in workflow.plan.kinds.items()}
text = (folder / "workflow.yaml").read_text()
try:
    Workflow.loads(text.replace("acme/find_spots@v1", "acme/find_spot@v1"), base=folder)
    message = ""
except WorkflowError as error:
    message = str(error)

blocks = {spec.type: spec for spec in installed()}
image = Image(picture, id="one")
check_block(blocks["acme/measure_light@v1"], {"image": image}, {"image": image, "against": 3.0})
store = ModelStore(models={"bright": folder / "bright.spots"})
check_block(blocks["acme/find_spots@v1"], {"images": image, "model_id": "bright"}, resources=[store])

rows = json.loads(result.to_json())
print(json.dumps({"rows": rows, "kinds": kinds, "message": message, "torch": "torch" in sys.modules}))
