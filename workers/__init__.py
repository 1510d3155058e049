"""Processes: worker, schedule, codec server, embedded stack, the placement command."""
