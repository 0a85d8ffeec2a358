"""``python -m seqdream_widget.cli`` is ``seqdream``."""

from __future__ import annotations

import sys

from seqdream_widget.cli import main

if __name__ == "__main__":
    sys.exit(main())
