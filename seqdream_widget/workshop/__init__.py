"""Six exercises in an hour, checkers that answer in words, marking from logs. See `docs/teaching.md`."""

from seqdream_widget.shipped import copy_to
from seqdream_widget.workshop import marking
from seqdream_widget.workshop.checking import check
from seqdream_widget.workshop.feedback import Feedback, Finding
from seqdream_widget.workshop.handin import export

__all__ = ["Feedback", "Finding", "check", "copy_to", "export", "marking"]
