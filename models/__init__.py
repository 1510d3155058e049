"""Tables of the record, and the queries that read it."""
