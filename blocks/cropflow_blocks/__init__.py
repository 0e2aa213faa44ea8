"""The core blocks, a package for each family, found through an entry point like those of any plug-in."""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read once, when onnxruntime is imported: it would report its use

from cropflow_blocks import (
    analytics,
    classical,
    flow,
    fusion,
    models,
    reading,
    sinks,
    tracking,
    transform,
    values,
    visualization,
)

FAMILIES = (analytics, classical, flow, fusion, models, reading, sinks, tracking, transform, values, visualization)
