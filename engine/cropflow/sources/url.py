"""What a URL stands for: a picture, a video file, or a stream without end."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from cropflow.errors import ImageError
from cropflow.sources.camera import Camera
from cropflow.sources.picture import Picture, Source
from cropflow.sources.video import EXTENSIONS, Video

LIVE = "live:"
"""Stands before a URL that is a stream without end."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_STREAMS = ("rtmp", "rtmps", "rtp", "rtsp", "rtsps", "srt", "tcp", "udp")
_ENDLESS = (".m3u8", ".mjpeg", ".mjpg")


def is_url(text: str) -> bool:
    """Whether a text is a URL."""
    return _URL.match(text) is not None


def from_url(url: str, allowed: bool, live: bool = False) -> Source:
    """Return what a URL stands for; its id is the last part of its path, for a stream host and path.

    Raises:
        ImageError: it is a picture or video, and URLs are not allowed.
    """
    parts = urlsplit(url)
    segments = [re.sub(r"[/\\:\x00]", "_", unquote(segment)) for segment in parts.path.split("/") if segment]
    host = parts.hostname or "url"
    suffix = PurePosixPath(segments[-1]).suffix.lower() if segments else ""
    if live or parts.scheme.lower() in _STREAMS or suffix in _ENDLESS:
        port = f"-{parts.port}" if parts.port else ""
        return Source(host, (Camera("/".join([f"{host}{port}", *segments]), url),))
    if not allowed:
        raise ImageError(f"{url}: pictures and videos are read from URLs only with --allow-urls (allow_urls=True)")
    name = (segments[-1].strip(".") if segments else "") or host
    return Source(host, (Video(name, url) if suffix in EXTENSIONS else Picture(name, url),))
