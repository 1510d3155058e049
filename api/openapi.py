"""The description of the JSON API: every answer and change type with an example, taken from the types themselves."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.problems import MEDIA_TYPE, ProblemDetails
from api.tasks import answer_schema
from procedures import EDITION
from procedures.answers import ALL
from procedures.changes import CHANGES

EXAMPLES: dict[str, dict[str, Any]] = {
    "match_entry": {
        "outcome": "potential_match",
        "person_ref": "100017",
        "note": "Same name, birth date and address",
    },
    "first_question": {"answers": {"reported_status": "CSO"}},
    "phone_corrections": {
        "outcome": "answered",
        "started_at": "2026-11-27T00:10:00Z",
        "ended_at": "2026-11-27T00:14:00Z",
        "spoke_with": "Ngaire Tuhoro",
        "office": "Lanternvale Community Corrections",
        "said": "CSO",
        "note": "Order confirmed",
    },
    "live_record": {"live": True, "evidence": "Current signatory"},
    "close_run": {"note": ""},
}
"""Answers as they may be sent; people, places and offices are invented."""

DESCRIPTION = (
    "Tasks, cases, people and the Friday report of CT-PRO-301. Errors are problem details (RFC 9457). Lists answer "
    "`items` and `next`. A command carries an Idempotency-Key: the same one again changes nothing."
)
_ANSWER = "/api/tasks/{task_id}/answer"
_CHANGE = "/api/cases/{case_id}/changes/{kind}"


def install(app: FastAPI) -> None:
    """Describe the application once, when it is first asked for."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _described(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    models: list[type[BaseModel]] = [*ALL.values(), *CHANGES.values(), ProblemDetails]
    _, defined = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    schemas.update(defined["$defs"])
    for asked in ALL.values():
        properties = answer_schema(asked, EDITION)["properties"]
        schemas[asked.__name__]["properties"] |= {
            name: schema for name, schema in properties.items() if name == "answers"
        }
    paths = document["paths"]
    _body(paths[_ANSWER]["post"], [one.__name__ for one in ALL.values()], EXAMPLES)
    _body(paths[_CHANGE]["post"], [one.__name__ for one in CHANGES.values()], {})
    _accepted(paths[_ANSWER]["post"], paths[_CHANGE]["post"])
    _problems(paths)
    return document


def _body(operation: dict[str, Any], models: list[str], examples: dict[str, dict[str, Any]]) -> None:
    operation["requestBody"]["content"]["application/json"] = {
        "schema": {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in models]},
        "examples": {kind: {"summary": ALL[kind].title, "value": value} for kind, value in examples.items()},
    }


def _accepted(*operations: dict[str, Any]) -> None:
    for operation in operations:
        operation["responses"]["202"] = {
            "description": "Received and kept, still being saved: ask GET /api/commands/{command_id}",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["command_id", "state"],
                        "properties": {"command_id": {"type": "string"}, "state": {"const": "received"}},
                    }
                }
            },
        }


def _problems(paths: dict[str, Any]) -> None:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    meanings = {
        "401": "Not signed in",
        "403": "No role of yours may do this",
        "404": "Unknown, or not visible to you",
        "409": "Refused by a rule, or decided before: who, when and what",
        "422": "Malformed",
        "503": "A part of the system does not answer",
    }
    for path, operations in paths.items():
        for operation in operations.values():
            wanted = meanings if path.startswith("/api/") else {"503": meanings["503"]}
            for status, meaning in wanted.items():
                operation["responses"][status] = {"description": meaning, "content": content}
