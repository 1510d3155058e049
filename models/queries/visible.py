"""What a token's holder may see, as a condition on rows; the rule itself is procedures/visibility.py."""

from sqlalchemy import ColumnElement, and_, false, or_, true

from models.tables.case import CaseRecord, Task
from procedures.visibility import Sight


def visible_cases(sight: Sight) -> ColumnElement[bool]:
    """Cases of the holder's procedures and regions."""
    region = true() if sight.every_region else CaseRecord.region.in_(sorted(sight.open_regions))
    return and_(region, _procedures(sight))


def visible_tasks(sight: Sight) -> ColumnElement[bool]:
    """Tasks of the holder's procedures, or of a role that sees its own tasks only; joined to their case."""
    region = true() if sight.every_region else Task.region.in_(sorted(sight.open_regions))
    own = Task.role.in_(sorted(role.value for role in sight.own_task_roles))
    return and_(region, or_(_procedures(sight), own if sight.own_task_roles else false()))


def _procedures(sight: Sight) -> ColumnElement[bool]:
    return CaseRecord.procedure.in_(sorted(procedure.value for procedure in sight.procedures))
