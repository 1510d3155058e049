"""Who may in fact answer a task now: members of staff by their own role and region, or as a deputy who stands in."""

from collections.abc import Sequence

from api.tasks import entitled
from models.queries.cover import StaffNow
from models.queries.tasks import TaskRecord


def able_to_answer(one: StaffNow, task: TaskRecord) -> bool:
    """Whether somebody sees the task and may answer it."""
    sees = one.sight.sees_task(task.role, task.procedure, task.region)
    return sees and one.sight.may(entitled(task), task.region)


def chosen_among(staff: Sequence[StaffNow], subject: str, task: TaskRecord) -> StaffNow | None:
    """The member of staff with this subject, if they may answer the task."""
    return next((one for one in staff if one.member.subject == subject and able_to_answer(one, task)), None)
