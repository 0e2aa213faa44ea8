"""Numbers about the server, as Prometheus reads them.

What clients choose freely, such as names in documents they send along, is never a label: it would fill the memory.
"""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from cropflow.errors import RunError
from cropflow.models import ModelInfo
from cropflow.result import Result, RunReport

_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The numbers of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = self._counter("requests", "Requests answered", "route", "status")
        self.seconds = self._histogram("request_seconds", "Time from request to answer", _SECONDS, "route")
        self.running = Gauge("cropflow_running", "Requests that run", registry=self._registry)
        self.waiting = Gauge("cropflow_queue", "Requests that wait for others", registry=self._registry)
        self._calls = self._histogram("batch_requests", "Calls put into one call of a model", _SIZES, "model")
        self._pictures = self._histogram("batch_pictures", "Pictures in one call of a model", _SIZES, "model")
        self._shared = self._histogram("run_requests", "Requests put into one run", _SIZES, "workflow")
        self._steps = self._histogram("step_seconds", "Time in a step", _SECONDS, "workflow", "step")
        self._errors = self._counter("step_errors", "Failures of a step", "workflow", "step")

    def model_called(self, info: ModelInfo, calls: int, pictures: int) -> None:
        """Note a call of a model."""
        self._calls.labels(info.name).observe(calls)
        self._pictures.labels(info.name).observe(pictures)

    def ran(self, workflow: str | None, report: RunReport, *, tried: bool = False) -> None:
        """Note a run; `workflow` is `None` for a document that was sent along.

        Args:
            tried: whether what failed is run again, and noted then.
        """
        for step in report.steps:
            labels = (workflow, step.step) if workflow else ("", step.block)
            self._steps.labels(*labels).observe(step.seconds)
            if step.failed and not tried:
                self._errors.labels(*labels).inc(step.failed)

    def shared(self, workflow: str | None, result: Result) -> None:
        """Note a run that was open to several requests, of which each has a row."""
        self._shared.labels(workflow or "").observe(len(result))
        self.ran(workflow, result.report, tried=len(result) > 1)

    def failed(self, workflow: str | None, error: RunError) -> None:
        """Note a run that ended in an error."""
        self._errors.labels(*((workflow, error.step) if workflow else ("", error.block))).inc()

    def text(self) -> bytes:
        """Return all numbers in the text form."""
        return generate_latest(self._registry)

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(f"cropflow_{name}", told, labels, registry=self._registry)

    def _histogram(self, name: str, told: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(f"cropflow_{name}", told, labels, buckets=buckets, registry=self._registry)
