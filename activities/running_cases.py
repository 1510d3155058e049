"""Starting and telling the workflows of cases: ids are the case numbers, so a repeat changes nothing."""

from collections.abc import Sequence
from typing import Any

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

TASK_QUEUE = "placement"
"""The one task queue of the house."""


class RunningCases:
    """The client side of cases for activities, the API and the reconciler."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def start(self, procedure: str, case_id: str, *, again: bool = False) -> bool:
        """Start the run of a case from the record. False when it runs already, or has ended and `again` is not asked.

        `again` restarts a case whose run has ended or was lost while the record says that it is open.
        """
        try:
            await self._client.start_workflow(
                procedure,
                case_id,
                id=case_id,
                task_queue=TASK_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                id_reuse_policy=(
                    WorkflowIDReusePolicy.ALLOW_DUPLICATE if again else WorkflowIDReusePolicy.REJECT_DUPLICATE
                ),
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def start_all(self, cases: Sequence[tuple[str, str]], *, again: bool = False) -> int:
        """Start several (procedure, case id); returns how many began now."""
        return sum([await self.start(procedure, case_id, again=again) for procedure, case_id in cases])

    async def tell(self, case_id: str, what: dict[str, Any]) -> bool:
        """Tell a running case that something arrived. False when its run has ended: the caller keeps it for a person."""
        try:
            await self._client.get_workflow_handle(case_id).signal("arrived", what)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True
