-- One case in which very much has happened, of a person with very many cases; read by bench/scale_fill.py.

INSERT INTO audit_event (business_key, at, actor, actor_name, actor_role, action, case_id, step, subject, refused, detail)
SELECT :case || '/full/' || t, :now - t * interval '1 hour', 'staff-1', 'Staff Example', 'advisor-wellbeing-support',
  CASE WHEN t % 2 = 0 THEN 'read person' ELSE 'task answered' END, :case, '1.3', :case, false, '{}'
FROM generate_series(1, 300) t ON CONFLICT DO NOTHING;

INSERT INTO document (document_id, case_id, file_id, form, direction, media_type, storage_reference, digest, pages, complete,
  missing, stored_at, stored_by)
SELECT 'DF' || t, :case, (SELECT file_id FROM person_file_reference WHERE person_ref = :person), 'T-441', 'in',
  'application/pdf', md5('d' || t), 'x', 2, true, '[]', :now - t * interval '1 day', 'staff-1'
FROM generate_series(1, 40) t ON CONFLICT DO NOTHING;

INSERT INTO secure_message (mail_id, business_key, case_id, kind, reference, message_id, contact_id, contact_version, recipients,
  copies, fields, state, attempt, created_at)
SELECT 'MF' || t, 'kf' || t, :case, '17-030', 'SP-F' || t, 'f' || t || '@agency.example', 'K-1', 1, '[]', '[]', '{}', 'accepted', 1,
  :now - t * interval '1 day' FROM generate_series(1, 30) t ON CONFLICT DO NOTHING;

INSERT INTO case_record (case_id, procedure, edition, region, person_ref, parent_case_id, step, waiting_for, turn, state,
  outcome, opened_at, closed_at)
SELECT 'CF' || t, 'disclose_change', :edition, 'R01', :person, :case, 'end', 'nobody', 3, '{}', 'told',
  :now - t * interval '30 days', :now - t * interval '29 days' FROM generate_series(1, 30) t ON CONFLICT DO NOTHING;
