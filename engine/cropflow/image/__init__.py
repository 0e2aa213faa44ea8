"""Pictures: decoded at the edge, in one place, into BGR; crops are read-only views that know where they come from."""

from cropflow.image.fetch import UrlPolicy
from cropflow.image.origin import Origin, Transform
from cropflow.image.picture import Image

__all__ = ["Image", "Origin", "Transform", "UrlPolicy"]
