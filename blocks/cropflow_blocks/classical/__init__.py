"""Classical vision without a model: filters, thresholds, contours, colours, key points, motion."""

__all__: list[str] = []
