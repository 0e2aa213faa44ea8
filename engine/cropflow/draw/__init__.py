"""Pictures of a compiled workflow: Mermaid text for documents, SVG for notebooks and browsers, PNG for everything else.

All three are drawn from the same diagram, need no network and no further package, and always come out the same.

>>> from cropflow import Workflow
>>> workflow = Workflow.loads('''
... version: "1.0"
... inputs: [{type: WorkflowParameter, name: size, kind: [integer]}]
... steps: []
... outputs: [{type: JsonField, name: size, selector: $inputs.size}]
... ''')
>>> print(mermaid(workflow.plan).splitlines()[0])
flowchart TD
"""

from cropflow.draw.raster import png
from cropflow.draw.text import mermaid
from cropflow.draw.vector import svg

__all__ = ["mermaid", "png", "svg"]
