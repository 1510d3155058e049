"""The stories whose histories are kept, by name: every path of the document, one module for each procedure."""

from tests.workflows.stories import (
    check_suitability,
    correct_sent,
    disclose_change,
    identify,
    mail_and_links,
    match_void,
    offer,
    placement_clocks,
)
from tests.workflows.stories.told import STORIES, Story

__all__ = [
    "STORIES",
    "Story",
    "check_suitability",
    "correct_sent",
    "disclose_change",
    "identify",
    "mail_and_links",
    "match_void",
    "offer",
    "placement_clocks",
]
