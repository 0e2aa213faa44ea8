"""Real videos whose frames tell their number, and a server on this machine that sends pictures without end."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import cv2
import numpy as np

SIZE = (64, 48)


def frame(level: int) -> np.ndarray:
    """A grey picture of a level."""
    return np.full((SIZE[1], SIZE[0], 3), level, np.uint8)


def film(path: Path, levels: Sequence[int | np.ndarray], fps: int = 10, codec: str = "h264") -> Path:
    """Write a video of frames, BGR or grey where only a level is given, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = [frame(level) if isinstance(level, int) else level for level in levels]
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps, width=width, height=height, pix_fmt="yuv420p")
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")))
        container.mux(stream.encode())
    return path


@dataclass
class Server:
    """Sends files, and under `/cam-LEVEL.mjpg` frames of one level as a camera does.

    Attributes:
        frames: how many frames a connection to a camera gets.
        pause: seconds between them.
        connections: paths that were asked for.
    """

    folder: Path
    frames: int = 10
    pause: float = 0.02
    connections: list[str] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Run a server while the context is entered."""
    server = Server(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.connections.append(self.path)
            if self.path.startswith("/cam-"):
                self._camera(int(self.path.partition("-")[2].partition(".")[0]))
            else:
                data = (folder / self.path.lstrip("/").partition("?")[0]).read_bytes()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        def _camera(self, level: int) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
            self.end_headers()
            for _ in range(server.frames):
                picture = cv2.imencode(".jpg", frame(level))[1].tobytes()
                head = f"--next\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                try:
                    self.wfile.write(head.encode() + picture + b"\r\n")
                    self.wfile.flush()
                except OSError:
                    return
                time.sleep(server.pause)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
