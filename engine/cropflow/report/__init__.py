"""What a run leaves for people: a page that shows it, and a trace that shows where the time went."""

from cropflow.report.gallery import Gallery
from cropflow.report.page import page, step_notes
from cropflow.report.trace import Trace

__all__ = ["Gallery", "Trace", "page", "step_notes"]
