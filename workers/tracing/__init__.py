"""Follows a step of the document through the catalogue, the code and the tests; used by `placement trace` and the tests."""
