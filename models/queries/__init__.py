"""What is read from the record: frozen values, never rows; the API and the pages read through here alone."""
