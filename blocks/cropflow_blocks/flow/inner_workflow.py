"""A workflow inside a workflow: written in place, or in a file of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from cropflow.block import Batch, Block, Maybe, Port, Setting
from cropflow.kinds import KINDS


def _refuse_hosted(value: str | None) -> str | None:
    if value is not None:
        raise ValueError("nothing: hosted workflows are not fetched; name a file in workflow_definition")
    return value


Hosted = Annotated[
    Setting[Annotated[str | None, AfterValidator(_refuse_hosted)]],
    Port("refused: a workflow kept on the hosted platform; save it as a file"),
]
NO_BINDINGS: dict[str, Any] = {}


class InnerWorkflow(Block):
    """Run another document as if its steps stood here.

    The steps take the place of this one when the document is compiled, so they may fan out, gather and branch like any
    other. They are called `<step>__<inner step>`; outputs of the inner document are outputs of this step. Control flow
    that leads here leads to all of them.
    """

    type = "inner_workflow@v1"
    aliases = ("roboflow_core/inner_workflow@v1",)
    inlined = ("workflow_definition", "parameter_bindings")

    @staticmethod
    def outputs(workflow_definition: Any) -> Mapping[str, str]:
        """The outputs of the inner document, of whatever kind they are."""
        written = workflow_definition.get("outputs", ()) if isinstance(workflow_definition, Mapping) else ()
        return {output["name"]: "*" for output in written}

    def run(
        self,
        workflow_definition: Annotated[
            Setting[Annotated[dict[str, Any] | str, KINDS["dictionary"], KINDS["string"]]],
            Port("the document itself, or the path of its file, relative to this document"),
        ],
        parameter_bindings: Annotated[
            dict[str, Batch[Maybe[Any]]], Port("for each input of the inner document, what it gets")
        ] = NO_BINDINGS,
        execution_mode: Annotated[Setting[Literal["embedded"]], Port("only `embedded`: it runs here")] = "embedded",
        remote_target: Hosted = None,
        workflow_workspace_id: Hosted = None,
        workflow_id: Hosted = None,
        workflow_version_id: Hosted = None,
    ) -> Batch[Mapping[str, Any]]:
        """Never called: the steps of the inner document take the place of this one."""
        raise NotImplementedError("inner workflows are put in place when the document is compiled")
