"""Straightening what a lens bends, given the camera's calibration."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cropflow.block import Block, Port
from cropflow.image import Image
from cropflow.image.decode import Pixels
from cropflow_blocks.classical.ports import Picture

Focal = Annotated[float, Field(gt=0, le=1e7)]
Centre = Annotated[float, Field(ge=-1e7, le=1e7)]
Coefficient = Annotated[float, Field(ge=-1e6, le=1e6)]


class CameraCalibration(Block):
    """Remove the distortion of a lens from a picture, by the numbers that OpenCV's calibration gives.

    The result has the size of the input. With the ordinary model all of the picture stays visible, and what lies
    outside is black; with the fisheye model (k1, k2, k3; p1 and p2 have no part in it) the middle keeps its scale, and
    the rim may be cut off. Pixels move, and not by an offset and a scale: predictions made on the result stay in its
    own pixels.

    Raises:
        ValueError: the numbers describe no lens.
    """

    type = "camera-calibration@v1"
    aliases = ("roboflow_core/camera-calibration@v1",)

    class Output(NamedTuple):
        """The straightened picture."""

        calibrated_image: Annotated[Image, Port("the picture without distortion, in the same size")]

    def run(
        self,
        image: Picture,
        fx: Annotated[Focal, Port("focal length in pixels, horizontally")],
        fy: Annotated[Focal, Port("focal length in pixels, vertically")],
        cx: Annotated[Centre, Port("optical centre in pixels from the left")],
        cy: Annotated[Centre, Port("optical centre in pixels from the top")],
        k1: Annotated[Coefficient, Port("first radial coefficient")],
        k2: Annotated[Coefficient, Port("second radial coefficient")],
        k3: Annotated[Coefficient, Port("third radial coefficient")],
        p1: Annotated[Coefficient, Port("first tangential coefficient")],
        p2: Annotated[Coefficient, Port("second tangential coefficient")],
        use_fisheye_model: Annotated[bool, Port("for lenses with a very wide view")] = False,
    ) -> Output:
        """Straighten."""
        camera = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]], np.float64)
        radial, tangential = (k1, k2, k3), (p1, p2)
        try:
            pixels = (
                cv2.fisheye.undistortImage(image.pixels, camera, np.array((*radial, 0.0)), None, camera)
                if use_fisheye_model
                else _straightened(image.pixels, camera, np.array((k1, k2, *tangential, k3)))
            )
        except cv2.error as error:
            raise ValueError(f"fx to p2 describe no lens that OpenCV can correct: {error.err}") from error
        return self.Output(image.warped(pixels))


def _straightened(pixels: Pixels, camera: NDArray[Any], distortion: NDArray[Any]) -> NDArray[Any]:
    size = pixels.shape[1], pixels.shape[0]
    seen, _ = cv2.getOptimalNewCameraMatrix(camera, distortion, size, 1, size)
    return np.asarray(cv2.undistort(pixels, camera, distortion, None, seen))
