"""What the routes share: the workflows, the desk, and one way to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from starlette.requests import Request

from cropflow.errors import RunError
from cropflow.result import Result
from cropflow.server.desk import Cancelled, Desk
from cropflow.server.faults import without_paths
from cropflow.server.library import Library
from cropflow.server.meeting import Meeting
from cropflow.server.metrics import Metrics
from cropflow.server.pictures import Pictures
from cropflow.server.settings import Settings
from cropflow.workflow import Workflow


@dataclass(slots=True)
class Service:
    """The parts of a running server.

    Attributes:
        is_ready: whether the models of all served documents are loaded.
    """

    settings: Settings
    library: Library
    desk: Desk
    metrics: Metrics
    meeting: Meeting
    is_ready: bool = False

    def inputs(self, workflow: Workflow, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was sent as inputs of a workflow; see `Pictures.read`."""
        return Pictures(self.settings).read(workflow.plan, given)

    def run(
        self,
        workflow: Workflow,
        name: str | None,
        inputs: Mapping[str, Any],
        cancelled: Cancelled,
        *,
        on_error: Literal["raise", "skip"] = "raise",
        effects: bool = True,
        meets: bool = True,
    ) -> Result:
        """Run a workflow, which begins with nothing remembered, so that requests never see each other's pictures.

        Args:
            name: that of the document; `None` for one that was sent along.
            meets: whether other requests may share the run.
        """
        try:
            met = self.meeting.run(workflow, inputs, cancelled, on_error) if meets else None
            if met is not None:
                return met
            result = workflow.run(inputs, on_error=on_error, effects=effects, remember=False, cancelled=cancelled)
        except RunError as error:
            self.metrics.failed(name, error)
            raise
        self.metrics.ran(name, result.report)
        return result


def service_of(request: Request) -> Service:
    """Return the service that a request came to."""
    service: Service = request.app.state.service
    return service


def error_facts(error: RunError) -> dict[str, Any]:
    """Return what a client is told about an element that failed."""
    return {
        "index": error.row,
        "step": error.step,
        "block": error.block,
        "element": error.element,
        "message": without_paths(str(error)),
    }
