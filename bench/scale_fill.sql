-- A national record, invented; read by bench/scale_fill.py, which fills in what begins with a colon.

-- Names that only live while this runs: who there is, which cases are made, what is asked where.

UPDATE register_area_office a SET region_code = 'R' || lpad((1 + floor(11.99 * power(r.part, 2)))::int::text, 2, '0')
FROM (SELECT name, (row_number() OVER (ORDER BY name) - 1)::float / count(*) OVER () AS part
      FROM register_area_office) r WHERE r.name = a.name;

CREATE TEMP TABLE who AS SELECT row_number() OVER (ORDER BY p.person_ref) AS n, p.person_ref, p.property_ref,
  p.surname, p.given_names, p.date_of_birth, a.region_code AS region
FROM register_person p JOIN register_area_office a ON a.name = p.area_office;

CREATE INDEX ON who (n);

ANALYZE who;

CREATE TEMP TABLE made AS
SELECT i, 'C' || upper(substr(md5('case' || i), 1, 10)) AS case_id, p.procedure, i <= :open AS is_open,
  i <= :tasks AS has_task, 1 + (i * 7919) % :fridays AS week,
  CASE WHEN i <= :open THEN :now - random() * interval '40 days' ELSE :now - random() * interval '3650 days' END AS at,
  CASE WHEN i <= :open THEN 1 + (i - 1) % :people ELSE 1 + floor(random() * :people)::bigint END AS n
FROM generate_series(1, :cases) i
JOIN (SELECT * FROM json_to_recordset(:shares) AS s(procedure text, low int, high int)) p
  ON (i * 37) % 100 >= p.low AND (i * 37) % 100 < p.high;

CREATE INDEX ON made (i);

ANALYZE made;

CREATE TEMP TABLE asked AS SELECT procedure, kind, step, role,
  row_number() OVER (PARTITION BY procedure ORDER BY kind, role) - 1 AS k, count(*) OVER (PARTITION BY procedure) AS many
FROM json_to_recordset(:asked) AS a(procedure text, kind text, step text, role text);

-- The office and its Fridays.

INSERT INTO staff_member (subject, name, role, region, mail_address, active)
SELECT 'staff-' || i, 'Staff ' || i || ' Example', (ARRAY['advisor-wellbeing-support','advisor-wellbeing-support',
  'advisor-placement','coordinator-placement','housing-support-manager','manager-housing-wellbeing-support'])[1 + i % 6],
  'R' || lpad((1 + i % 12)::text, 2, '0'), 'staff' || i || '@agency.example', true
FROM generate_series(1, :staff) i;

INSERT INTO corrections_contact (contact_id, office, kind, name, phone, secure_address, regions, valid_from, verified_by,
  verified_on, version, calendar)
SELECT 'K-' || i, 'Corrections office ' || (i + 1) / 2, CASE i % 2 WHEN 0 THEN 'contact' ELSE 'service_manager' END,
  'Contact ' || i, '0800 000 000', 'office' || i || '@corrections.example',
  jsonb_build_array('R' || lpad((1 + i % 12)::text, 2, '0')), date '2020-01-01', 'staff-5', date '2026-01-01', 1, 'nz-national'
FROM generate_series(1, 120) i;

INSERT INTO case_record (case_id, procedure, edition, region, step, waiting_for, turn, state, outcome, opened_at, closed_at)
SELECT 'W' || w, 'intake', :edition, 'national', CASE w WHEN 1 THEN '1.1' ELSE 'end' END,
  CASE w WHEN 1 THEN 'advisor-wellbeing-support' ELSE 'nobody' END, 3, '{}', CASE WHEN w > 1 THEN 'worked' END,
  :now - (w - 1) * interval '7 days', CASE WHEN w > 1 THEN :now - (w - 2) * interval '7 days' END
FROM generate_series(1, :fridays) w;

INSERT INTO report_run (run_id, friday, case_id, state, opened_at, closed_at, closing_line)
SELECT to_char(day, 'YYYY-MM-DD'), day, 'W' || w, CASE w WHEN 1 THEN 'received' ELSE 'worked' END, day,
  CASE WHEN w > 1 THEN day + interval '3 days' END, CASE WHEN w > 1 THEN 'All rows are resolved.' END
FROM (SELECT w, :friday - CAST((w - 1) * 7 AS int) AS day FROM generate_series(1, :fridays) w) d;

INSERT INTO report_message (message_key, run_id, received_at, content_digest, read, accepted, rejected, repeated,
  unknown_columns, staged_at)
SELECT 'm' || run_id, run_id, opened_at, md5(run_id), 1300, 1290, 5, 5, '[]', opened_at FROM report_run;

-- Cases, their rows of the report, tasks, turns and commands.

INSERT INTO case_record (case_id, procedure, edition, region, person_ref, entry_id, parent_case_id, step, waiting_for, due_at,
  turn, state, outcome, opened_at, closed_at)
SELECT m.case_id, m.procedure, :edition, w.region,
  CASE WHEN m.procedure <> 'sort_mail' THEN w.person_ref END,
  CASE m.procedure WHEN 'identify' THEN 'E' || m.case_id END,
  CASE WHEN m.procedure = 'offer' AND NOT m.is_open THEN 'W' || m.week END,
  CASE WHEN m.is_open THEN a.step ELSE 'end' END,
  CASE WHEN m.has_task THEN a.role WHEN m.is_open THEN 'Corrections' ELSE 'nobody' END,
  CASE WHEN m.has_task THEN :now + (random() - 0.2) * interval '14 days' END, 4, '{"edition": "x"}',
  CASE WHEN NOT m.is_open THEN 'recorded' END, m.at,
  CASE WHEN NOT m.is_open THEN m.at + interval '6 days' END
FROM made m JOIN who w ON w.n = m.n JOIN asked a ON a.procedure = m.procedure AND a.k = m.i % a.many;

INSERT INTO report_entry (entry_id, run_id, message_key, row_number, state, "group", surname, given_names, date_of_birth,
  address, town, corrections_office, errors, notes, contradictory, absent_from_correction, outcome, resolved_at, case_id,
  region)
SELECT 'E' || m.case_id, r.run_id, 'm' || r.run_id, m.i / :fridays, 'accepted',
  CASE m.i % 3 WHEN 0 THEN 'Exit NSO' ELSE 'New CSO' END, w.surname, w.given_names, w.date_of_birth, '1 Made Up Road',
  'Faketown', 'Corrections office ' || 1 + m.i % 60, '[]', '[]', false, false,
  CASE WHEN NOT m.is_open OR m.i % 2 = 0 THEN 'potential_match' END, m.at, m.case_id, w.region
FROM made m JOIN who w ON w.n = m.n JOIN report_run r ON r.case_id = 'W' || m.week WHERE m.procedure = 'identify';

INSERT INTO task (task_id, case_id, procedure, kind, step, role, region, state, urgent, due_at, context, opened_at, claimed_by,
  claimed_by_name, claimed_at, version)
SELECT m.case_id || '-1', m.case_id, m.procedure, a.kind, a.step, a.role, c.region, 'open', m.i % 20 = 0,
  CASE WHEN m.i % 20 <> 7 THEN c.due_at END, '{}', :now - random() * interval '20 days',
  CASE WHEN m.i % 5 < 2 THEN 'staff-' || 1 + m.i % :staff END,
  CASE WHEN m.i % 5 < 2 THEN 'Staff ' || 1 + m.i % :staff || ' Example' END, CASE WHEN m.i % 5 < 2 THEN :now END, 1
FROM made m JOIN case_record c ON c.case_id = m.case_id
JOIN asked a ON a.procedure = m.procedure AND a.k = m.i % a.many WHERE m.has_task;

INSERT INTO task (task_id, case_id, procedure, kind, step, role, region, state, urgent, due_at, context, opened_at, claimed_by,
  claimed_by_name, claimed_at, version, done_at, done_by, done_by_name, answer)
SELECT m.case_id || '-' || 1 + t, m.case_id, m.procedure, a.kind, a.step, a.role, c.region, 'done', false, m.at + interval '5 days',
  '{}', m.at, 'staff-' || 1 + m.i % :staff, 'Staff Example', m.at, 2, m.at + t * interval '2 days',
  'staff-' || 1 + m.i % :staff, 'Staff Example', '{"note": "done"}'
FROM made m JOIN case_record c ON c.case_id = m.case_id CROSS JOIN generate_series(1, 2) t
JOIN asked a ON a.procedure = m.procedure AND a.k = (m.i + t) % a.many WHERE NOT m.has_task;

INSERT INTO turn (case_id, number, step, recorded_at)
SELECT m.case_id, t, a.step, m.at + t * interval '1 day'
FROM made m CROSS JOIN generate_series(1, 2) t
JOIN asked a ON a.procedure = m.procedure AND a.k = (m.i + t) % a.many;

INSERT INTO audit_event (business_key, at, actor, actor_name, actor_role, action, case_id, step, subject, refused, detail)
SELECT m.case_id || '/' || t, m.at + t * interval '1 day', 'staff-' || 1 + m.i % :staff, 'Staff Example',
  'advisor-wellbeing-support', CASE t WHEN 3 THEN 'read person' ELSE 'task answered' END, m.case_id, '1.3', m.case_id, false,
  '{}' FROM made m CROSS JOIN generate_series(1, 3) t;

INSERT INTO command (command_id, case_id, kind, body, actor, actor_name, actor_role, state, received_at, settled_at)
SELECT 'cmd-' || m.i, m.case_id, 'match_entry', '{}', 'staff-' || 1 + m.i % :staff, 'Staff Example',
  'advisor-wellbeing-support', CASE WHEN m.i % 20000 = 1 THEN 'late' ELSE 'recorded' END, m.at, m.at FROM made m;

-- What stands around them.

INSERT INTO assessment (number, person_ref, code, status, version, opened_at)
SELECT 'A' || n, person_ref, (ARRAY['D1','D2','D1P','D3'])[1 + n % 4], CASE n % 4 WHEN 2 THEN 'PEN' ELSE 'CUR' END, 3, :now
FROM who WHERE n % 4 <> 0;

INSERT INTO assessment_version (number, version, code, status, rule, step, case_id, answers, comment, by, calculated_at)
SELECT a.number, v, a.code, a.status, 'TR-1', '1.7', 'C' || upper(substr(md5('case' || (1 + (w.n * 3 + v) % :cases)), 1, 10)),
  '{}', '', 'staff-1', :now FROM assessment a JOIN who w ON w.person_ref = a.person_ref CROSS JOIN generate_series(1, 3) v;

INSERT INTO confirmation (confirmation_id, case_id, person_ref, said_by, office, channel, status_said, said_at, note,
  recorded_by, recorded_at)
SELECT 'CF' || m.i, m.case_id, w.person_ref, 'Contact 1', 'Corrections office 1', 'call', 'CSO', m.at, '', 'staff-1', m.at
FROM made m JOIN who w ON w.n = m.n WHERE m.i % 3 = 0;

INSERT INTO phone_call (call_id, case_id, step, outcome, spoke_with, office, started_at, ended_at, answers, note, by, recorded_at)
SELECT 'CALL-' || i, case_id, '1.4', 'answered', 'Contact 1', 'Corrections office 1', at, at, '{}', '', 'staff-1', at
FROM made WHERE i % 3 = 0;

INSERT INTO case_note (note_id, case_id, step, text, by, at)
SELECT 'N' || i, case_id, '1.3', 'Invented note.', 'staff-1', at FROM made WHERE i % 2 = 0;

INSERT INTO notice (notice_id, case_id, role, region, kind, step, at, read_by, read_at)
SELECT 'NO' || m.i, m.case_id, CASE m.i % 10 WHEN 0 THEN 'manager-housing-wellbeing-support' ELSE 'advisor-placement' END,
  w.region, 'lives_in_a_home', '1.7', m.at, CASE WHEN m.i > :open THEN 'staff-1' END, CASE WHEN m.i > :open THEN m.at END
FROM made m JOIN who w ON w.n = m.n WHERE m.i % 5 = 0;

INSERT INTO person_file (file_id, title, characteristics, created_at, created_by, invalid_match)
SELECT 'F' || n, decode(md5('a' || n) || md5('b' || n), 'hex'), '{}', :now, 'staff-1', n % 4 = 3 FROM who WHERE n % 4 <> 0;

INSERT INTO person_file_reference (person_ref, file_id) SELECT person_ref, 'F' || n FROM who WHERE n % 4 <> 0;

INSERT INTO document (document_id, case_id, file_id, form, direction, media_type, storage_reference, digest, pages, complete,
  missing, stored_at, stored_by)
SELECT 'D' || m.i, m.case_id, CASE WHEN w.n % 4 <> 0 THEN 'F' || w.n END, 'T-441', 'out', 'application/pdf', md5('d' || m.i), 'x', 2,
  true, '[]', m.at, 'staff-1' FROM made m JOIN who w ON w.n = m.n WHERE m.i % 2 = 0;

INSERT INTO secure_message (mail_id, business_key, case_id, kind, reference, message_id, contact_id, contact_version,
  recipient_confirmed_by, recipient_confirmed_at, recipients, copies, fields, state, attempt, queue_id, accepted_at, created_at,
  settled_at)
SELECT 'M' || i, 'k' || i, case_id, 'T-441', 'SP-' || upper(substr(md5('r' || i), 1, 10)), i || '@agency.example',
  'K-' || 1 + i % 120, 1, 'staff-1', at, '["office1@corrections.example"]', '[]', '{}',
  CASE WHEN i % 1000 = 0 THEN 'bounced' ELSE 'accepted' END, 1, 'q' || i, at, at, at FROM made WHERE i % 2 = 0;

INSERT INTO received_mail (received_id, message_key, uid, received_at, kind, mail_id, case_id, held_case_ids, document_ids,
  taken_at, told_at, reviewed_at, reviewed_by)
SELECT 'RM' || i, 'rk' || i, i, at, 'form', 'M' || i, case_id, '[]', '[]', at, at, at, 'staff-1' FROM made WHERE i % 4 = 0;

INSERT INTO clock (clock_id, case_id, mail_id, kind, calendar, calendar_version, started_at, due_at, acts_at, detail, stopped_at,
  stop_reason)
SELECT 'CL' || i, case_id, 'M' || i, 'T-441 return', 'nz-national', '2026.1',
  CASE WHEN is_open THEN :now - interval '3 days' ELSE at END,
  CASE WHEN is_open THEN :now + (random() - 0.2) * interval '7 days' ELSE at + interval '7 days' END,
  CASE WHEN is_open THEN :now + interval '5 days' ELSE at + interval '8 days' END, :clock,
  CASE WHEN NOT is_open THEN at END, CASE WHEN NOT is_open THEN 'returned' END
FROM made WHERE (is_open AND NOT has_task) OR i % 2 = 0 AND NOT is_open;

INSERT INTO search_record (search_id, entry_id, case_id, kind, term, hits, by, at)
SELECT 'S' || i, 'E' || case_id, case_id, 'name', 'as reported', '[]', 'staff-1', at FROM made
WHERE procedure = 'identify' AND i % 2 = 0;

INSERT INTO outside_entry (entry_id, case_id, position, system, subject, expected_at, seen)
SELECT 'O' || i, case_id, 1, 'register', 'A' || i, at, '{}' FROM made WHERE i % 10 = 0;

INSERT INTO move_watch (watch_id, person_ref, region, state, next_review_at, reviews, began_at, ended_at, ended_because)
SELECT case_id, w.person_ref, w.region, '{}', :now + random() * interval '28 days', 1, at, at, 'moved'
FROM made m JOIN who w ON w.n = m.n WHERE m.i % 25 = 0;

INSERT INTO suitability_decision (decision_id, case_id, person_ref, property_ref, suitability, comment, said_by, documents,
  recorded_at)
SELECT 'SD' || m.i, m.case_id, w.person_ref, w.property_ref, 'suitable', '', 'Contact 1', '[]', m.at
FROM made m JOIN who w ON w.n = m.n WHERE m.i % 12 = 0;

INSERT INTO disclosure_duty (person_ref, property_ref, began_at) SELECT person_ref, property_ref, :now FROM who WHERE n % 8 = 1;

INSERT INTO duty_event (event_id, kind, source, property_ref, person_ref, facts, aware_on, reported_by, reported_at, case_ids)
SELECT 'DE' || i, 'household_change', 'staff', 'PR-' || i % 50000, NULL, 'Invented.', date '2026-01-01', 'staff-1', at, '[]'
FROM made WHERE i % 20 = 0;

INSERT INTO register_void_property (property_ref, address, area_office, region, state, notes, as_of)
SELECT 'V-' || i, i || ' Void Street, Faketown', a.name, a.region_code, CASE i % 5 WHEN 0 THEN 'void' ELSE 'let' END, '', :now
FROM generate_series(1, :voids) i
JOIN (SELECT name, region_code, row_number() OVER (ORDER BY name) - 1 AS k, count(*) OVER () AS many
      FROM register_area_office) a ON a.k = i % a.many;

INSERT INTO void_match (match_id, case_id, person_ref, applicant_ref, property_ref, match_date, t365, entered_by, entered_at,
  branch, ko_view, reasons, outcome, closed_at)
SELECT 'VM' || m.i, m.case_id, w.person_ref, w.person_ref, 'V-' || 1 + m.i % :voids, CAST(m.at AS date), '{}', 'staff-3', m.at, 'a',
  'suitable', 'Invented.', CASE WHEN m.is_open THEN 'open' ELSE 'accepted' END, CASE WHEN NOT m.is_open THEN m.at END
FROM made m JOIN who w ON w.n = m.n WHERE m.procedure = 'match_void' ON CONFLICT DO NOTHING;

INSERT INTO viewing (viewing_id, case_id, property_ref, call_id, call_ended_at, starts_at, minutes, with_corrections, state, attended,
  by, booked_at)
SELECT 'VI' || i, case_id, 'V-' || 1 + i % :voids, 'CALL-1', at, at, 30, 'Contact 1', 'held', '[]', 'staff-3', at
FROM made WHERE procedure = 'match_void';

INSERT INTO absence (absence_id, subject, first_day, last_day, recorded_by, recorded_at)
SELECT 'AB' || i, 'staff-' || 1 + i % :staff, :now - i * interval '3 days', :now - i * interval '3 days' + interval '5 days',
  'staff-5', :now FROM generate_series(0, 500) i;

INSERT INTO web_session (session_id, subject, name, roles, regions, began_at, seen_at, expires_at, ended_at)
SELECT md5('s' || i), 'staff-' || 1 + i % :staff, 'Staff Example', '[]', '[]', :now - i * interval '1 hour',
  :now - i * interval '1 hour', :now, :now FROM generate_series(1, :open) i;
