"""Workflows of the encryption story: every way in which a value reaches Temporal (kept apart for the sandbox)."""

from datetime import datetime, timedelta

from pydantic import BaseModel
from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, ChildWorkflowError, FailureError

with workflow.unsafe.imports_passed_through():
    from adapters.search_attributes import OVERDUE


class Answer(BaseModel, frozen=True):
    """What a person of the office answered."""

    name: str
    born: datetime | None = None


@activity.defn
async def ordinary(answer: Answer) -> Answer:
    activity.heartbeat(answer)
    return Answer(name=f"ordinary {answer.name}")


@activity.defn
async def local(answer: Answer) -> Answer:
    return Answer(name=f"local {answer.name}")


@activity.defn
async def failing(answer: Answer) -> None:
    try:
        raise ValueError(f"No home for {answer.name}")
    except ValueError as error:
        raise ApplicationError(f"Could not place {answer.name}", answer, non_retryable=True) from error


@workflow.defn
class Child:
    """Finishes with an answer, or fails with a person's name in the message."""

    @workflow.run
    async def run(self, answer: Answer) -> Answer:
        if answer.name.startswith("fail"):
            raise ApplicationError(f"Child could not place {answer.name}", answer)
        return Answer(name=f"child {answer.name}")


@workflow.defn
class Story:
    """Every way in which a value reaches Temporal."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.told = False

    @workflow.run
    async def run(self, answer: Answer) -> list[Answer]:
        workflow.upsert_search_attributes([OVERDUE.value_set(True)])
        workflow.upsert_memo({"note": answer})
        workflow.set_current_details(f"Waiting for {answer.name}")
        await workflow.sleep(timedelta(milliseconds=1), summary=f"Timer of {answer.name}")
        self.answers.append(
            await workflow.execute_activity(
                ordinary, answer, start_to_close_timeout=timedelta(minutes=1), summary=f"For {answer.name}"
            )
        )
        self.answers.append(
            await workflow.execute_local_activity(local, answer, start_to_close_timeout=timedelta(minutes=1))
        )
        child_id = f"{workflow.info().workflow_id}-child"
        self.answers.append(await workflow.execute_child_workflow(Child.run, answer, id=child_id))
        await self.failures(answer)
        await workflow.wait_condition(lambda: self.told)
        await workflow.wait_condition(workflow.all_handlers_finished)
        if answer.name.startswith("doomed"):
            await self.fail(answer)
        return self.answers

    async def failures(self, answer: Answer) -> None:
        """Failures caught by the workflow stand in its history as well."""
        try:
            await workflow.execute_local_activity(
                failing,
                answer,
                start_to_close_timeout=timedelta(minutes=1),
                retry_policy=RetryPolicy(maximum_attempts=1),
            )
        except FailureError:
            failed = Answer(name=f"fail {answer.name}")
        try:
            await workflow.execute_child_workflow(
                Child.run, failed, id=f"{workflow.info().workflow_id}-failed"
            )
        except ChildWorkflowError as error:
            self.answers.append(Answer(name=str(error.__cause__)))

    async def fail(self, answer: Answer) -> None:
        """The activity's failure becomes the cause of the workflow's own."""
        try:
            await workflow.execute_activity(failing, answer, start_to_close_timeout=timedelta(minutes=1))
        except ActivityError as error:
            raise ApplicationError(f"Gave up on {answer.name}", answer) from error

    @workflow.update
    async def correct(self, answer: Answer) -> Answer:
        if answer.name.startswith("fail"):
            raise ApplicationError(f"Cannot correct to {answer.name}")
        return Answer(name=f"corrected {answer.name}")

    @workflow.signal
    def tell(self, answer: Answer) -> None:
        self.answers.append(answer)
        self.told = True

    @workflow.query
    def ask(self, answer: Answer) -> Answer:
        return Answer(name=f"asked {answer.name}")
