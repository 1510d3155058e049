"""CT-PRO-301 as pure code: the document's steps, words, numbers and decisions, without I/O or clocks."""

EDITION = "CT-PRO-301 v6"
"""The edition of the document in force; each case keeps the one it began under (AMB-X-11)."""
