"""Blocks that read what is written: QR codes, bar codes and text."""

from cropflow_blocks.reading.codes import BarcodeDetector, QRCodeDetector
from cropflow_blocks.reading.ocr import PPOCR, EasyOCR, OCRModel
from cropflow_blocks.reading.stitch import StitchOCRDetectionsV1, StitchOCRDetectionsV2
from cropflow_blocks.reading.text_detection import TextDetectionModel
from cropflow_blocks.reading.text_recognition import TextRecognitionModel

__all__ = [
    "PPOCR",
    "BarcodeDetector",
    "EasyOCR",
    "OCRModel",
    "QRCodeDetector",
    "StitchOCRDetectionsV1",
    "StitchOCRDetectionsV2",
    "TextDetectionModel",
    "TextRecognitionModel",
]
