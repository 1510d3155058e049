"""Why the Friday report's file cannot be read, each with what to do; nothing of the file's cells is ever repeated."""

from enum import StrEnum

from adapters.ports import Permanent


class FileProblem(StrEnum):
    """Why a file cannot be read as the report."""

    EMPTY = "empty"
    NOT_A_REPORT = "not_a_report"
    ENCRYPTED = "encrypted"
    BROKEN_FILE = "broken_file"
    TOO_LARGE = "too_large"
    NO_HEADER_ROW = "no_header_row"
    MISSING_COLUMNS = "missing_columns"
    REPEATED_HEADING = "repeated_heading"
    NO_GROUP = "no_group"


class ReportFileError(Permanent):
    """The file cannot be read as the report; the message says what to do and holds nothing from the file's cells."""

    def __init__(self, code: FileProblem, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def encrypted() -> ReportFileError:
    """A locked file."""
    return ReportFileError(
        FileProblem.ENCRYPTED,
        "The file is locked by a password. Ask Corrections to send it without; the mail is secure.",
    )


def too_large(limit: str) -> ReportFileError:
    """A file beyond a limit, named with its unit."""
    return ReportFileError(
        FileProblem.TOO_LARGE, f"The file exceeds {limit}. Ask Corrections to send one week alone."
    )
