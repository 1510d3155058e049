"""Deputies of posts on record: each entry is kept, a new one names the one it replaces (AMB-X-2)."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert

from activities.audit import write_audit
from models.database import Database
from models.queries.cover import deputy_entries, office_of
from models.tables.cover import Deputy
from procedures.cover import DeputyEntry, check_deputy, latest
from procedures.local_time import local_date
from procedures.tasks import By


async def record_deputy(database: Database, entry: DeputyEntry, *, by: By, at: datetime) -> bool:
    """Write down who stands in for a post from a day on; `at` is UTC. A repeat of the same entry changes nothing.

    False when somebody recorded another deputy of the post since the caller looked. Raises Refused.
    """
    post = entry.post
    async with database.transaction() as session:
        entries = await deputy_entries(session)
        if entry in entries:
            return True
        last = latest(entries).get(post)
        if entry.replaces != (last.deputy_id if last else None):
            return False
        check_deputy(entry, await office_of(session, at), local_date(at))
        written = await session.scalar(
            insert(Deputy)
            .values(
                deputy_id=entry.deputy_id,
                role=post.role.value,
                region=post.region,
                subject=entry.subject,
                first_day=entry.first_day,
                last_day=entry.last_day,
                replaces=entry.replaces,
                recorded_by=by.subject,
                recorded_at=at,
            )
            .on_conflict_do_nothing()
            .returning(Deputy.deputy_id)
        )
        if written is None:
            return False
        await write_audit(
            session,
            by=by,
            at=at,
            action="deputy recorded",
            subject=entry.deputy_id,
            rule="AMB-X-2",
            detail={
                "role": post.role.value,
                "region": post.region,
                "deputy": entry.subject,
                "from": entry.first_day.isoformat(),
                "to": entry.last_day.isoformat() if entry.last_day else None,
                "replaces": entry.replaces,
            },
            business_key=f"deputy/{entry.deputy_id}",
        )
    return True
