"""Schema of the record, from the first migration on."""
