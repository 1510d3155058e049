"""The only code that writes the record: one activity, one idempotent transaction."""
