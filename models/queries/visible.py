"""What a token's holder may see, as a condition on rows; the rule itself is procedures/visibility.py."""

from sqlalchemy import ColumnElement, and_, false, or_, true

from models.tables.case import CaseRecord, Task
from procedures.terms import Procedure
from procedures.visibility import NATIONAL, OWN_TASKS_ONLY, PROCEDURES_OF, Post, Sight

ALL_PROCEDURES = frozenset(Procedure)
_Placed = type[CaseRecord] | type[Task]


def visible_cases(sight: Sight) -> ColumnElement[bool]:
    """Cases of the holder's procedures and regions, and of the posts the holder stands in for."""
    region = true() if sight.every_region else CaseRecord.region.in_(sorted(sight.open_regions))
    return or_(
        and_(region, _procedures(sight, CaseRecord)), *(_of_post(post, CaseRecord) for post in _posts(sight))
    )


def visible_tasks(sight: Sight) -> ColumnElement[bool]:
    """Tasks of the holder's procedures, or of a role that sees its own tasks only."""
    region = true() if sight.every_region else Task.region.in_(sorted(sight.open_regions))
    own = Task.role.in_(sorted(role.value for role in sight.own_task_roles))
    return or_(
        and_(region, or_(_procedures(sight, Task), own if sight.own_task_roles else false())),
        *(_of_post(post, Task) for post in _posts(sight)),
        *(
            and_(Task.role == post.role.value, Task.region.in_((post.region, NATIONAL)))
            for post in _posts(sight)
            if post.role in OWN_TASKS_ONLY
        ),
    )


def _posts(sight: Sight) -> list[Post]:
    return sorted(sight.stands_in)


def _of_post(post: Post, table: _Placed) -> ColumnElement[bool]:
    seen = sorted(procedure.value for procedure in PROCEDURES_OF.get(post.role, ()))
    return and_(table.region.in_((post.region, NATIONAL)), table.procedure.in_(seen))


def _procedures(sight: Sight, table: _Placed) -> ColumnElement[bool]:
    """Says nothing to who sees every procedure, so that counting asks nothing of every row."""
    if sight.procedures == ALL_PROCEDURES:
        return true()
    return table.procedure.in_(sorted(procedure.value for procedure in sight.procedures))
