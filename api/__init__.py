"""Thin FastAPI: turns human answers into workflow updates and reads through models.queries."""
