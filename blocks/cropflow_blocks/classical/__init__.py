"""Classical vision without a model: filters, thresholds, contours, colours, key points, motion."""

from cropflow_blocks.classical.auto_rotate import AutoRotateOnEdges
from cropflow_blocks.classical.camera_calibration import CameraCalibration
from cropflow_blocks.classical.camera_focus import CameraFocus, CameraFocusV2
from cropflow_blocks.classical.colors import DominantColor, PixelColorCount
from cropflow_blocks.classical.contours import ContoursDetection
from cropflow_blocks.classical.contrast import ContrastEnhancement, ContrastEqualization
from cropflow_blocks.classical.filters import ConvertGrayscale, ImageBlur, Threshold
from cropflow_blocks.classical.image_preprocessing import ImagePreprocessing
from cropflow_blocks.classical.mask_edge_snap import MaskEdgeSnap
from cropflow_blocks.classical.morphology import MorphologicalTransformation, MorphologicalTransformationV2
from cropflow_blocks.classical.motion import BackgroundSubtraction, MotionDetection
from cropflow_blocks.classical.qr_code import QRCodeGenerator
from cropflow_blocks.classical.sift import Sift
from cropflow_blocks.classical.sift_comparison import SiftComparison, SiftComparisonV2
from cropflow_blocks.classical.stitch_images import StitchImages
from cropflow_blocks.classical.template_matching import TemplateMatching

__all__ = [
    "AutoRotateOnEdges",
    "BackgroundSubtraction",
    "CameraCalibration",
    "CameraFocus",
    "CameraFocusV2",
    "ContoursDetection",
    "ContrastEnhancement",
    "ContrastEqualization",
    "ConvertGrayscale",
    "DominantColor",
    "ImageBlur",
    "ImagePreprocessing",
    "MaskEdgeSnap",
    "MorphologicalTransformation",
    "MorphologicalTransformationV2",
    "MotionDetection",
    "PixelColorCount",
    "QRCodeGenerator",
    "Sift",
    "SiftComparison",
    "SiftComparisonV2",
    "StitchImages",
    "TemplateMatching",
    "Threshold",
]
