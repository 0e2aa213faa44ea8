"""Block types of existing documents that do not run here: those still to come, and those that need somebody's server.

Names stand without `roboflow_core/` and without the version.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cropflow.compiler.problems import Found
from cropflow.document.definition import StepDefinition

_MODEL = "a model block with local weights, such as object_detection_model@v2 or instance_segmentation_model@v2"
_LANGUAGE = "a block of your own that asks a model, and vlm_as_classifier@v2 or vlm_as_detector@v2 for its answer"
_MESSAGE = "webhook_sink@v1, sent to a service of yours"
_FILES = "image_sink@v1, jsonl_sink@v1 or local_file_sink@v1, which write into the output folder"
_VECTOR = "image_embedding@v1, which describes pictures with local weights"

HOSTED: dict[str, tuple[str, ...]] = {
    _LANGUAGE: (
        *("anthropic_claude", "cog_vlm", "CogVLM", "cosmos3_edge", "florence_2", "google_gemini", "google_gemma"),
        *("kimi_openrouter", "llama_3_2_vision", "llama_vision", "lmm", "LMM", "lmm_for_classification"),
        *("LMMForClassification", "meta_vlm", "mistral_vlm", "moondream2", "open_ai", "OpenAI", "openai_compatible"),
        *("openrouter", "qwen25vl", "qwen3_5_openrouter", "qwen3_5vl", "qwen3_6_openrouter", "qwen3vl", "qwen_vlm"),
        *("smolvlm2", "spacexai", "zai_vlm"),
    ),
    _MODEL: (
        *("anomaly_detection_model", "depth_estimation", "gaze", "roboflow_action_recognition_model", "sam3"),
        *("sam3_interactive", "sam3_video", "seg-preview", "segment_anything", "segment_anything_2_video"),
        *("stability_ai_image_gen", "stability_ai_inpainting", "stability_ai_outpainting"),
    ),
    _VECTOR: (
        *("clip", "clip_comparison", "ClipComparison", "embedding_model", "perception_encoder"),
        *("visual_search", "visual_search_classifier"),
    ),
    "ocr_model@v1, which reads text on this machine": ("google_vision_ocr",),
    _MESSAGE: ("email_notification", "onvif_sink", "slack_notification", "twilio_sms_notification"),
    _FILES: (
        *("asset_library_attributes", "model_monitoring_inference_aggregator", "roboflow_custom_metadata"),
        *("RoboflowCustomMetadata", "roboflow_dataset_upload", "RoboflowDatasetUpload", "roboflow_vision_events"),
        "s3_sink",
    ),
}
"""Types that need an account, a hosted model or weights that are not at hand, by what may stand in their place."""

PLANNED = frozenset(
    (
        *("anomaly_heatmap_visualization", "glm_ocr", "grid_visualization", "icon_visualization"),
        *("MultiLabelClassificationModel", "RoboflowMultiLabelClassificationModel", "rich_label_visualization"),
        *("roboflow_multi_label_classification_model", "vision_event_bundle"),
        *("YoloWorld", "yolo_world_model", "YoloWorldModel"),
    )
)
"""Types that will run here and do not yet."""


def note_elsewhere(steps: Iterable[StepDefinition], found: Found) -> None:
    """Note all steps whose blocks need somebody's server as one mistake, and all that are still to come as another."""
    steps = tuple(steps)
    hosted = {step.name: instead for step in steps if (instead := replacement(step.type))}
    _note(
        "hosted-block",
        "need an account or a hosted model, so they do not run here",
        [step for step in steps if step.name in hosted],
        "put in the place of " + "; of ".join(f"{name!r} {instead}" for name, instead in hosted.items()),
        found,
    )
    _note(
        "planned-block",
        "are not supported yet",
        [step for step in steps if is_planned(step.type)],
        "see docs/blocks.md for the blocks there are; leave these steps out, or bring a block of your own",
        found,
    )


def _note(code: str, what: str, steps: Sequence[StepDefinition], hint: str, found: Found) -> None:
    if steps:
        count = f"{len(steps)} steps use blocks that" if len(steps) > 1 else "this step uses a block of those that"
        types = ", ".join(f"{step.name!r} ({step.type})" for step in steps)
        found.add(code, f"{count} {what}: {types}", (*steps[0].path, "type"), hint=hint)


def replacement(type_id: str) -> str | None:
    """Return what may stand in the place of a hosted block; `None` where the type is none.

    >>> replacement("roboflow_core/google_vision_ocr@v1")
    'ocr_model@v1, which reads text on this machine'
    """
    name = _name(type_id)
    return next((instead for instead, names in HOSTED.items() if name in names), None)


def is_planned(type_id: str) -> bool:
    """Whether a block of existing documents is still to come."""
    return _name(type_id) in PLANNED


def _name(type_id: str) -> str:
    return type_id.removeprefix("roboflow_core/").partition("@")[0]
