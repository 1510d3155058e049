"""Every table of the record; importing this package registers them all on Base.metadata."""
