"""The core blocks, a package for each family, found through an entry point like those of any plug-in."""

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
