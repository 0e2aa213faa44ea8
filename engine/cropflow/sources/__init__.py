"""Where pictures and frames come from: files, folders, patterns, lists, URLs and cameras.

Nothing is opened when a source is found. It is a list of items with ids that stay the same; they are read when a
workflow gets to them, so that one that cannot be read is a matter of that one alone.
"""

from cropflow.sources.chain import chain
from cropflow.sources.find import find_source
from cropflow.sources.picture import Picture, Source
from cropflow.sources.shot import Item, Reading, Shot

__all__ = ["Item", "Picture", "Reading", "Shot", "Source", "chain", "find_source"]
