"""Search attributes for operators: stored in clear, so procedure, step, region code and dates only."""

from collections.abc import Collection

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

PROCEDURE = SearchAttributeKey.for_keyword("Procedure")
STAGE = SearchAttributeKey.for_keyword("Stage")
"""The step's reference, e.g. "1.6"."""
WAITING_FOR = SearchAttributeKey.for_keyword("WaitingFor")
REGION = SearchAttributeKey.for_keyword("Region")
"""The region's code."""
DUE = SearchAttributeKey.for_datetime("Due")
"""UTC instant."""
OVERDUE = SearchAttributeKey.for_bool("Overdue")

ALL = (PROCEDURE, STAGE, WAITING_FOR, REGION, DUE, OVERDUE)

DEV_SERVER_TYPES: dict[str, str] = {
    "Procedure": "Keyword",
    "Stage": "Keyword",
    "WaitingFor": "Keyword",
    "Region": "Keyword",
    "Due": "Datetime",
    "Overdue": "Bool",
}
"""Name to type, as `start-dev --search-attribute NAME=TYPE` and `operator search-attribute create` want them."""


async def ensure_search_attributes(client: Client) -> None:
    """Register those the server lacks; a dev server ignores `--search-attribute` on an existing file."""
    held = await _held(client)
    missing = {
        key.name: IndexedValueType.ValueType(key.indexed_value_type) for key in ALL if key.name not in held
    }
    if missing:
        request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        await client.operator_service.add_search_attributes(request)


async def _held(client: Client) -> Collection[str]:
    try:
        request = ListSearchAttributesRequest(namespace=client.namespace)
        return (await client.operator_service.list_search_attributes(request)).custom_attributes
    except RPCError as error:
        if error.status is not RPCStatusCode.UNIMPLEMENTED:
            raise
        return ()  # the time-skipping test server can add but not list
