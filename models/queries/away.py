"""How it looks when the database does not answer; rooms that may not know the driver ask here."""

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

AWAY: tuple[type[Exception], ...] = (OperationalError, InterfaceError, NoConnectionFree, ConnectionError)
"""Try again later; nothing was written."""
