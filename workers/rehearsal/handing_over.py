"""Cases that follow begin from their rows: the virtual server's clock stands still once a child outlives its parent."""

from typing import Any, cast

from temporalio.worker import (
    Interceptor,
    StartChildWorkflowInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.workflow import ChildWorkflowHandle


class BeginFromTheRecord(Interceptor):
    """No case is started as a child; whoever plays starts it from the record, as the reconciler starts a lost one."""

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor] | None:
        """For every workflow."""
        return _Inbound


class _Inbound(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))


class _Outbound(WorkflowOutboundInterceptor):
    async def start_child_workflow(self, input: StartChildWorkflowInput) -> ChildWorkflowHandle[Any, Any]:
        """Nobody in this house looks at the handle of a case that follows."""
        return cast("ChildWorkflowHandle[Any, Any]", None)
