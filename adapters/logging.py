"""JSON logs that cannot hold personal data: fields by allow-list, exceptions without their text, foreign lines cut."""

import logging
import re
import sys
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from adapters.settings import SettingsError
from procedures.refusals import Refused

_FIELDS = """
    event level timestamp logger exception location trace causes reason rule withheld
    case step procedure stage waiting_for kind form template region due overdue calendar report_date cycle
    workflow_id run_id workflow_type activity_type activity_id attempt task_queue namespace identity
    command_id task_id letter_id document_id message_id queue_id outcome
    actor role method route status payloads plain workflows
    count rows seconds port pid part version
"""
SAFE_FIELDS = frozenset(_FIELDS.split())
"""Fields that never hold a name, date of birth, address or offence; every other field is dropped."""

SAFE_EXCEPTIONS: tuple[type[BaseException], ...] = (Refused, SettingsError)
"""Exceptions whose text never holds personal data."""

FOREIGN_TEXTS = ("temporalio", "uvicorn.error")
"""Loggers of libraries whose templates are known; of all other libraries only place and level are logged."""

_CODE = re.compile(r"[\w.,:/@+<>\-]{1,200}", re.ASCII)
_TEXT_FIELDS = frozenset({"event", "reason"})
"""`event` is a constant of the code; `reason` is set from a safe exception alone."""
_TEMPORAL_EXTRAS = ("temporal_workflow", "temporal_activity")
_ROOT = Path(__file__).parents[1]
_TRACE_LENGTH = 20


def configure_logging(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send structlog and every stdlib logger through the same processors to `stream` (standard error by default)."""
    native: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *native,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*native, cut_foreign_text],
            pass_foreign_args=True,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                describe_exception,
                keep_safe_fields,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    _take_over_libraries()


def bound_case(case: str, step: str | None = None) -> AbstractContextManager[Any]:
    """Put the opaque case number, and the step, on every line logged inside the block."""
    fields = {"case": case} if step is None else {"case": case, "step": step}
    return structlog.contextvars.bound_contextvars(**fields)


def keep_safe_fields(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Drop every field that is not on the allow-list, and every value that is not a code, number or known text."""
    dropped = sorted(key for key in event if key not in SAFE_FIELDS)
    kept: EventDict = {key: _safe_value(key, value) for key, value in event.items() if key in SAFE_FIELDS}
    if dropped:
        kept["withheld"] = len(dropped)
    return kept


def _safe_value(key: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float) or key in _TEXT_FIELDS:
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_safe_value(key, item) for item in value]
    text = str(value)
    return text if _CODE.fullmatch(text) else "[withheld]"


def describe_exception(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Turn `exc_info` into type, place and causes; the text only of exceptions that are known to be safe."""
    error = _exception_of(event.pop("exc_info", None))
    event.pop("stack_info", None)
    event.pop("reason", None)
    if error is None:
        return event
    event["exception"] = type(error).__qualname__
    event["trace"] = _trace(error.__traceback__)
    event["location"] = event["trace"][-1] if event["trace"] else event.get("location")
    event["causes"] = _causes(error)
    if isinstance(error, SAFE_EXCEPTIONS):
        event["reason"] = str(error)
    return event


def cut_foreign_text(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Reduce a library's line to its template without values, and its place in the code."""
    record: logging.LogRecord = event["_record"]
    event["location"] = f"{_short(record.pathname)}:{record.lineno}:{record.funcName}"
    event["event"] = _template(record)
    for extra in _TEMPORAL_EXTRAS:
        details = getattr(record, extra, None)
        if isinstance(details, dict):
            event.update({key: value for key, value in details.items() if key in SAFE_FIELDS})
    values = event.pop("positional_args", None)
    if record.name == "uvicorn.access" and isinstance(values, tuple) and len(values) == 5:
        event.update(event="request", method=values[1], status=values[4])
    return event


def _template(record: logging.LogRecord) -> str:
    known = any(record.name == name or record.name.startswith(f"{name}.") for name in FOREIGN_TEXTS)
    if not known or not isinstance(record.msg, str):
        return "line of a library, text withheld"
    # Libraries format errors into their texts behind a colon or a bracket; what stands before is theirs.
    return re.split(r"[:(\n]", record.msg, maxsplit=1)[0].strip()


def _exception_of(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None


def _trace(traceback: TracebackType | None) -> list[str]:
    places: list[str] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append(f"{_short(code.co_filename)}:{traceback.tb_lineno}:{code.co_name}")
        traceback = traceback.tb_next
    return places[-_TRACE_LENGTH:]


def _causes(error: BaseException) -> list[str]:
    causes: list[str] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(causes) < _TRACE_LENGTH:
        places = _trace(cause.__traceback__)
        causes.append(f"{type(cause).__qualname__}@{places[-1]}" if places else type(cause).__qualname__)
        cause = cause.__cause__ or cause.__context__
    return causes


def _short(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(_ROOT) and ".venv" not in path.parts:
        return path.relative_to(_ROOT).as_posix()
    return "/".join(path.parts[-2:])


def _take_over_libraries() -> None:
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "sqlalchemy", "temporalio", "asyncio"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    for chatty in ("httpx", "httpcore", "sqlalchemy.engine", "sqlalchemy.pool"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    unhandled = structlog.stdlib.get_logger("unhandled")

    def log_last_words(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            unhandled.critical("process ends on an error", exc_info=error)

    sys.excepthook = log_last_words
    threading.excepthook = lambda held: unhandled.critical("thread ends on an error", exc_info=held.exc_value)
