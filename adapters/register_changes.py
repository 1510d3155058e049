"""What an import does to the register, as set-based statements over the staging tables; unchanged rows are not written."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def apply_staged(session: AsyncSession, offices: dict[str, str], as_of: datetime) -> dict[str, int]:
    """Apply what is staged, empty the staging tables, and count: added, changed (returned among them), returned.

    `offices` maps the name of each area office in the file to its region code; names not known yet are created.
    """
    await session.execute(text(_IN_BULK))
    for table in ("staged_person", "staged_name", "staged_address"):
        await session.execute(text(f"ANALYZE {table}"))
    if offices:
        named = [{"name": name, "code": code} for name, code in sorted(offices.items())]
        await session.execute(text(_OFFICES), named)
    await session.execute(text(_PROPERTIES))
    await session.execute(text(_HOUSEHOLDS))
    returned = (await session.execute(text(_COUNT_RETURNED))).scalar_one()
    await session.execute(text(_PERSONS))
    await session.execute(text("ANALYZE touched_person"))
    added, touched = (await session.execute(text(_COUNT_TOUCHED))).one()
    for statement in (_RETIRE_NAMES, _RETIRE_ADDRESSES):
        await session.execute(text(statement))
    for statement in (_NAMES, _ADDRESSES):
        await session.execute(text(statement.replace("{part}", "<>")))
    await session.execute(text(_TIDILY))
    for statement in (_NAMES, _ADDRESSES):
        await session.execute(text(statement.replace("{part}", "=")))
    for statement in (_END_TENANCIES, _TENANCIES):
        await session.execute(text(statement), {"as_of": as_of})
    await session.execute(text("TRUNCATE staged_person, staged_name, staged_address, touched_person"))
    return {"added": added, "changed": touched - added, "returned": returned}


async def flag_absent(session: AsyncSession, as_of: datetime) -> int:
    """Flag everyone who is not in `present_person`; how many were flagged now."""
    await session.execute(text("ANALYZE present_person"))
    flagged: int = (await session.execute(text(_FLAG_ABSENT), {"as_of": as_of})).scalar_one()
    return flagged


# Search indexes take new entries faster in long lists; the last person's entries are written with a short limit, which
# makes the index sort in what waits, so that no search has to read a long list.
_IN_BULK = """
SELECT set_config('gin_pending_list_limit', '64MB', true), set_config('work_mem', '256MB', true)
"""
_TIDILY = "SELECT set_config('gin_pending_list_limit', '64kB', true)"

_OFFICES = """
INSERT INTO register_area_office (name, region_code) VALUES (:name, :code) ON CONFLICT (name) DO NOTHING
"""

# A home's address is that of someone who lives there; while nobody does, that of a former occupant if none is known yet.
# An applicant's own address never becomes the home's.
_PROPERTIES = """
INSERT INTO register_property AS held (property_ref, address, address_key, search_keys, area_office)
SELECT DISTINCT ON (p.property_ref)
       p.property_ref, a.full_address, a.address_key, a.search_keys, p.area_office
FROM staged_person p
LEFT JOIN register_property known ON known.property_ref = p.property_ref
LEFT JOIN staged_address a ON a.person_ref = p.person_ref AND a.is_current
     AND (p.lives_in_home OR (p.occupancy = 'none' AND known.address IS NULL))
WHERE p.property_ref IS NOT NULL
ORDER BY p.property_ref, p.lives_in_home DESC, a.person_ref
ON CONFLICT (property_ref) DO UPDATE
SET address = excluded.address, address_key = excluded.address_key, search_keys = excluded.search_keys,
    area_office = excluded.area_office
WHERE excluded.address IS NOT NULL
  AND (held.address, held.address_key, held.search_keys, held.area_office)
      IS DISTINCT FROM (excluded.address, excluded.address_key, excluded.search_keys, excluded.area_office)
"""

_HOUSEHOLDS = """
INSERT INTO register_household AS held (household_ref, property_ref)
SELECT DISTINCT ON (household_ref) household_ref, CASE WHEN lives_in_home THEN property_ref END
FROM staged_person
WHERE household_ref IS NOT NULL
ORDER BY household_ref, lives_in_home DESC, property_ref
ON CONFLICT (household_ref) DO UPDATE SET property_ref = excluded.property_ref
WHERE excluded.property_ref IS NOT NULL AND held.property_ref IS DISTINCT FROM excluded.property_ref
"""

_COUNT_RETURNED = """
SELECT count(*) FROM register_person held JOIN staged_person USING (person_ref) WHERE held.absent_since IS NOT NULL
"""

# xmax is 0 for a row that the statement inserted.
_PERSONS = """
WITH written AS (
    INSERT INTO register_person AS held (
        person_ref, surname, given_names, date_of_birth, gender, area_office, record_state, occupancy,
        property_ref, household_ref, updated_at, absent_since, digest)
    SELECT person_ref, surname, given_names, date_of_birth, gender, area_office, record_state, occupancy,
           property_ref, household_ref, updated_at, NULL, digest
    FROM staged_person
    ON CONFLICT (person_ref) DO UPDATE
    SET surname = excluded.surname, given_names = excluded.given_names, date_of_birth = excluded.date_of_birth,
        gender = excluded.gender, area_office = excluded.area_office, record_state = excluded.record_state,
        occupancy = excluded.occupancy, property_ref = excluded.property_ref,
        household_ref = excluded.household_ref, updated_at = excluded.updated_at, absent_since = NULL,
        digest = excluded.digest
    WHERE held.digest <> excluded.digest OR held.absent_since IS NOT NULL
    RETURNING person_ref, (xmax = 0) AS added)
INSERT INTO touched_person (person_ref, added) SELECT person_ref, added FROM written
"""

_COUNT_TOUCHED = "SELECT count(*) FILTER (WHERE added), count(*) FROM touched_person"

_RETIRE_NAMES = """
UPDATE register_name held SET is_current = false
FROM touched_person t
WHERE t.person_ref = held.person_ref AND NOT t.added AND held.is_current
  AND NOT EXISTS (SELECT FROM staged_name s WHERE s.person_ref = held.person_ref
                  AND s.full_name = held.full_name AND s.is_current)
"""

_NAMES = """
INSERT INTO register_name AS held (person_ref, full_name, given_names, surname, is_current, name_key, search_keys)
SELECT s.person_ref, s.full_name, s.given_names, s.surname, s.is_current, s.name_key, s.search_keys
FROM staged_name s JOIN touched_person t USING (person_ref)
WHERE s.person_ref {part} (SELECT max(person_ref) FROM touched_person)
ON CONFLICT (person_ref, full_name) DO UPDATE
SET given_names = excluded.given_names, surname = excluded.surname, is_current = excluded.is_current,
    name_key = excluded.name_key, search_keys = excluded.search_keys
WHERE (held.given_names, held.surname, held.is_current, held.name_key, held.search_keys)
      IS DISTINCT FROM
      (excluded.given_names, excluded.surname, excluded.is_current, excluded.name_key, excluded.search_keys)
"""

_RETIRE_ADDRESSES = """
UPDATE register_address held SET is_current = false
FROM touched_person t
WHERE t.person_ref = held.person_ref AND NOT t.added AND held.is_current
  AND NOT EXISTS (SELECT FROM staged_address s WHERE s.person_ref = held.person_ref
                  AND s.full_address = held.full_address AND s.is_current)
"""

_ADDRESSES = """
INSERT INTO register_address AS held (
    person_ref, full_address, address, suburb, town, postcode, is_current, address_key, search_keys)
SELECT s.person_ref, s.full_address, s.address, s.suburb, s.town, s.postcode, s.is_current, s.address_key,
       s.search_keys
FROM staged_address s JOIN touched_person t USING (person_ref)
WHERE s.person_ref {part} (SELECT max(person_ref) FROM touched_person)
ON CONFLICT (person_ref, full_address) DO UPDATE
SET address = excluded.address, suburb = excluded.suburb, town = excluded.town, postcode = excluded.postcode,
    is_current = excluded.is_current, address_key = excluded.address_key, search_keys = excluded.search_keys
WHERE (held.address, held.suburb, held.town, held.postcode, held.is_current, held.address_key, held.search_keys)
      IS DISTINCT FROM
      (excluded.address, excluded.suburb, excluded.town, excluded.postcode, excluded.is_current,
       excluded.address_key, excluded.search_keys)
"""

_END_TENANCIES = """
UPDATE register_tenancy held SET ended_by = :as_of
FROM staged_person p JOIN touched_person t USING (person_ref)
WHERE held.person_ref = p.person_ref AND held.ended_by IS NULL
  AND NOT (p.lives_in_home AND (held.property_ref, held.occupancy) IS NOT DISTINCT FROM (p.property_ref, p.occupancy))
"""

_TENANCIES = """
INSERT INTO register_tenancy (person_ref, property_ref, first_seen, occupancy)
SELECT p.person_ref, p.property_ref, :as_of, p.occupancy
FROM staged_person p JOIN touched_person t USING (person_ref)
WHERE p.lives_in_home AND p.property_ref IS NOT NULL
  AND NOT EXISTS (SELECT FROM register_tenancy held WHERE held.person_ref = p.person_ref AND held.ended_by IS NULL)
ON CONFLICT (person_ref, property_ref, first_seen) DO UPDATE SET occupancy = excluded.occupancy, ended_by = NULL
"""

_FLAG_ABSENT = """
WITH flagged AS (
    UPDATE register_person held SET absent_since = :as_of
    WHERE held.absent_since IS NULL
      AND NOT EXISTS (SELECT FROM present_person p WHERE p.person_ref = held.person_ref)
    RETURNING 1)
SELECT count(*) FROM flagged
"""
