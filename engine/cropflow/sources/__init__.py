"""Where pictures come from: files, folders, glob patterns and URLs, each with an id that stays the same.

Nothing is opened here. A source is a list of places and ids; the pictures are read when a workflow asks for
their pixels, so that one that cannot be read is a matter of that picture alone.
"""

from cropflow.sources.chain import chain
from cropflow.sources.find import find_pictures
from cropflow.sources.picture import EXTENSIONS, Picture, Source

__all__ = ["EXTENSIONS", "Picture", "Source", "chain", "find_pictures"]
