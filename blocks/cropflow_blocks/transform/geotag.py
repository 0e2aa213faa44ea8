"""Where on the ground a camera that looks straight down saw something."""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, Port
from cropflow.detections import onto
from cropflow.image import Image

_METRES_PER_DEGREE = 111_320
"""Of latitude anywhere, and of longitude at the equator."""
_DIGITS = 7  # about a centimetre


class GeotagDetection(Block):
    """Give the centre of every box its latitude and longitude, from the place and height of the camera.

    The camera looks straight down, its axis in the middle of the input picture, and the ground is flat. Boxes that were
    found on crops are moved to the input picture. At the poles every longitude is that of the camera.
    """

    type = "geotag_detection@v1"
    aliases = ("roboflow_core/geotag_detection@v1",)

    class Output(NamedTuple):
        """The places."""

        geo_detections: Annotated[
            list[Any],
            Port("for each box class, confidence, lat, lon in degrees, and pixel_x, pixel_y, width, height in pixels"),
        ]
        geojson: Annotated[dict[str, Any], Port("the same as a GeoJSON FeatureCollection of points")]

    def run(
        self,
        image: Annotated[Image, Port("the picture, or a crop of it")],
        predictions: Annotated[Detections, Port("what was found on it")],
        latitude: Annotated[Annotated[float, Field(ge=-90, le=90)], Port("of the camera, in degrees north")],
        longitude: Annotated[Annotated[float, Field(ge=-180, le=180)], Port("of the camera, in degrees east")],
        altitude: Annotated[Annotated[float, Field(ge=0)], Port("of the camera above the ground, in metres")],
        horizontal_fov: Annotated[
            Annotated[float, Field(gt=0, lt=180)], Port("angle that the width of the picture spans, in degrees")
        ] = 73.7,
        heading: Annotated[
            float, Port("where the upper edge of the picture points, in degrees clockwise from north")
        ] = 0.0,
    ) -> Output:
        """Locate."""
        root = image.origin.root
        boxes = onto(predictions, root).xyxy.astype(float)
        centres, sizes = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
        metres_per_pixel = 2 * altitude * math.tan(math.radians(horizontal_fov) / 2) / root.width
        east, north = _ground((centres - np.array([root.width, root.height]) / 2) * metres_per_pixel, heading)
        places = _places(east, north, latitude, longitude)
        rows = zip(_facts(predictions), places, centres.tolist(), sizes.tolist(), strict=True)
        located = [
            {**facts, "lat": lat, "lon": lon, "pixel_x": x, "pixel_y": y, "width": width, "height": height}
            for facts, (lat, lon), (x, y), (width, height) in rows
        ]
        return self.Output(located, {"type": "FeatureCollection", "features": [_feature(item) for item in located]})


def _ground(metres: NDArray[np.float64], heading: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn n×2 metres to the right of the camera and behind it into metres to the east and to the north."""
    sine, cosine = math.sin(math.radians(heading)), math.cos(math.radians(heading))
    right, ahead = metres[:, 0], -metres[:, 1]
    return right * cosine + ahead * sine, ahead * cosine - right * sine


def _places(
    east: NDArray[np.float64], north: NDArray[np.float64], latitude: float, longitude: float
) -> list[tuple[float, float]]:
    """Return latitudes and longitudes in degrees, longitudes from -180 to 180."""
    shrunk = math.cos(math.radians(latitude))
    degrees = east / (_METRES_PER_DEGREE * shrunk) if shrunk > 1e-9 else np.zeros_like(east)
    lats = (latitude + north / _METRES_PER_DEGREE).clip(-90, 90).round(_DIGITS)
    lons = longitude + degrees
    lons = np.where(np.abs(lons) > 180, (lons + 180) % 360 - 180, lons).round(_DIGITS)
    return list(zip(lats.tolist(), lons.tolist(), strict=True))


def _facts(found: Detections) -> list[dict[str, Any]]:
    """Return class and confidence of every box, `None` where it has none."""
    names = found.data.get("class_name", [None] * len(found))
    sure = [None] * len(found) if found.confidence is None else np.asarray(found.confidence, float).tolist()
    return [
        {"class": None if name is None else str(name), "confidence": confidence}
        for name, confidence in zip(names, sure, strict=True)
    ]


def _feature(located: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [located["lon"], located["lat"]]},
        "properties": {"class": located["class"], "confidence": located["confidence"]},
    }
