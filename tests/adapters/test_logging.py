"""Logs hold codes and places in the code, never a name, whatever was handed to them."""

import ast
import asyncio
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy.exc import IntegrityError
from temporalio import activity
from temporalio.testing import ActivityEnvironment

from adapters.logging import bound_case, configure_logging
from adapters.settings import SettingsError
from procedures.refusals import Refused

CANARY = "Zyxquill Brackenfeather"
ROOMS = ("procedures", "models", "adapters", "activities", "workflows", "api", "workers")


class Lines(io.StringIO):
    """What was logged, as text and as records."""

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def only(self) -> dict[str, Any]:
        (record,) = self.records()
        return record


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """Logging as in production, into memory, put back afterwards."""
    root = logging.getLogger()
    handlers, level, hook = list(root.handlers), root.level, threading.excepthook
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    stream = Lines()
    configure_logging(stream)
    yield stream
    logging.captureWarnings(False)
    root.handlers[:], threading.excepthook = handlers, hook
    root.setLevel(level)
    structlog.reset_defaults()


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


@pytest.mark.req("PRV-16")
def test_fields_that_are_not_on_the_list_are_dropped(lines: Lines) -> None:
    """A field someone adds by mistake never reaches the log; how many were dropped does."""
    log = structlog.stdlib.get_logger("test")
    log.info(
        "letter sent", case="C-17", step="1.6", name=CANARY, born="1980-01-02", address={"street": CANARY}
    )
    record = lines.only()
    assert {key: record[key] for key in ("event", "case", "step", "withheld", "level")} == {
        "event": "letter sent",
        "case": "C-17",
        "step": "1.6",
        "withheld": 3,
        "level": "info",
    }
    assert "Brackenfeather" not in lines.getvalue()
    assert "1980" not in lines.getvalue()


@pytest.mark.req("PRV-16")
def test_value_of_a_safe_field_must_look_like_a_code(lines: Lines) -> None:
    """A name put into a field of codes, or into a list of them, is withheld."""
    log = structlog.stdlib.get_logger("test")
    log.info("opened", case=CANARY, workflows=["case-1", CANARY], count=2, location=CANARY, reason=CANARY)
    record = lines.only()
    assert record["case"] == "[withheld]"
    assert record["workflows"] == ["case-1", "[withheld]"]
    assert record["count"] == 2
    assert "Brackenfeather" not in lines.getvalue()


def test_case_and_step_stand_on_every_line_of_the_block(lines: Lines) -> None:
    """Bound by context: also on lines of libraries, and gone after the block."""
    with bound_case("C-17", "1.6"):
        logging.getLogger("uvicorn.error").warning("Started server process [%d]", 7)
    structlog.stdlib.get_logger("test").info("after")
    inside, after = lines.records()
    assert (inside["case"], inside["step"]) == ("C-17", "1.6")
    assert "case" not in after


@pytest.mark.req("PRV-16", "NFR-8")
def test_exception_is_logged_with_type_and_place_without_its_text(lines: Lines) -> None:
    """Own and database exceptions, with their causes: types and lines of code, no message, no source line."""
    error = raised(IntegrityError(f"insert {CANARY}", {"name": CANARY}, raised(ValueError(CANARY)), False))
    error.__cause__ = raised(KeyError(CANARY))
    structlog.stdlib.get_logger("test").error("recording failed", case="C-17", exc_info=error)
    record = lines.only()
    assert record["exception"] == "IntegrityError"
    assert record["location"].startswith("tests/adapters/test_logging.py:")
    assert record["causes"][0].startswith("KeyError@tests/adapters/test_logging.py:")
    assert "Brackenfeather" not in lines.getvalue()


@pytest.mark.parametrize("error", [Refused("P1.S6.b3", "Wait five working days"), SettingsError("Set X")])
def test_text_of_known_safe_exceptions_is_kept(lines: Lines, error: Exception) -> None:
    """Refusals and settings say what to do and hold no personal data."""
    structlog.stdlib.get_logger("test").warning("refused", exc_info=raised(error))
    assert lines.only()["reason"] == str(error)


@pytest.mark.req("PRV-16")
@pytest.mark.parametrize(
    "name", ["temporalio.worker", "uvicorn.error", "sqlalchemy.orm", "asyncio", "some.library"]
)
def test_line_of_a_library_loses_its_values(lines: Lines, name: str) -> None:
    """Arguments, formatted texts behind a colon or bracket, exceptions as message, stack info: all cut."""
    library = logging.getLogger(name)
    library.warning("Failed for %s", CANARY)
    library.warning(f"Failed: {CANARY}")
    library.error(ValueError(CANARY))
    library.error("Broken", exc_info=raised(ValueError(CANARY)), stack_info=True)
    assert len(lines.records()) == 4
    assert "Brackenfeather" not in lines.getvalue()
    assert lines.records()[3]["exception"] == "ValueError"


@pytest.mark.req("PRV-16")
def test_access_line_of_the_web_server_has_no_path_and_no_query(lines: Lines) -> None:
    """What people type into addresses and searches stays out."""
    arguments = ("127.0.0.1:5", "GET", f"/people/{CANARY}?q={CANARY}", "1.1", 404)
    logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', *arguments)
    record = lines.only()
    assert (record["event"], record["method"], record["status"]) == ("request", "GET", 404)
    assert "Brackenfeather" not in lines.getvalue()


@pytest.mark.req("PRV-16")
async def test_activity_logger_keeps_ids_and_loses_values(lines: Lines) -> None:
    """Temporal's own logger brings workflow and attempt, not what the activity was told."""

    async def act() -> None:
        activity.logger.warning("Could not place %s", CANARY, exc_info=raised(ValueError(CANARY)))

    await ActivityEnvironment().run(act)
    record = lines.only()
    assert record["event"] == "Could not place %s"
    assert record["workflow_id"] == "test"
    assert "Brackenfeather" not in lines.getvalue()


@pytest.mark.req("PRV-16")
async def test_last_words_of_process_thread_and_task_have_no_text(lines: Lines) -> None:
    """Unhandled errors would print their text to standard error; they are logged like all others."""
    error = raised(ValueError(CANARY))
    sys.excepthook(type(error), error, None)

    def fail() -> None:
        raise ValueError(CANARY)

    thread = threading.Thread(target=fail)
    # pytest watches threads with a hook of its own; put ours in place for this one.
    thread.start()
    thread.join()
    asyncio.get_running_loop().default_exception_handler({"message": CANARY, "exception": error})
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.warn(f"odd value {CANARY}", stacklevel=1)
    assert [record["level"] for record in lines.records()] == ["critical", "critical", "error", "warning"]
    assert "Brackenfeather" not in lines.getvalue()


@pytest.mark.req("PRV-16")
def test_every_log_line_in_the_rooms_begins_with_a_constant_text() -> None:
    """The text of a line is written by a programmer; values go into named fields, which are checked."""
    levels = {"debug", "info", "warning", "error", "exception", "critical"}
    root = Path(__file__).parents[2]
    offenders: list[str] = []
    for path in (file for room in ROOMS for file in (root / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            holder = ast.unparse(node.func.value).lower()
            if node.func.attr in levels and ("logger" in holder or holder.split(".")[-1].strip("_") == "log"):
                constant = bool(node.args) and isinstance(node.args[0], ast.Constant)
                if not constant:
                    offenders.append(f"{path.relative_to(root)}:{node.lineno}")
    assert offenders == []
