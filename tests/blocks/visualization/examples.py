"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

from ..samples import Examples, drawn, outlined, posed

EXAMPLES: Examples = {
    "bounding_box_visualization": drawn,
    "keypoint_visualization": posed,
    "label_visualization": drawn,
    "mask_visualization": outlined,
    "polygon_visualization": outlined,
}
