"""One durable workflow per procedure: order, waiting, clocks."""

from workflows.identify import Identify
from workflows.intake import IntakeRun, OpenFriday

WORKFLOWS = [OpenFriday, IntakeRun, Identify]
"""Everything a worker runs."""
