"""A run as one HTML file: no kernel, no network, nothing beside it."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

from seqdream_widget import picture, protocol
from seqdream_widget.assets import asset
from seqdream_widget.recording import recorded
from seqdream_widget.svg import escaped
from seqdream_widget.words import objective_words

if TYPE_CHECKING:
    from seqdream_widget.session import Session

PAGE_BYTES = 5_000_000
"""Of a page, unless its last sequence alone takes more."""
FIXED_BYTES = 100_000
"""Set aside for words: settings, what was done, the picture for who has no script."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="seqdream_widget">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<div id="replay"></div>
<noscript>{picture}</noscript>
<script type="application/json" id="recording">{recording}</script>
<script>{script}</script>
</body>
</html>
"""


def page(session: Session, title: str | None = None) -> str:
    """Return the present run of a session as a page to scrub through.

    Parameters
    ----------
    session : Session
        Of several dreams it shows the first.
    title : str, optional
        What is climbed, unless given.
    """
    script, style = (_static(name) for name in ("replay.js", "replay.css"))
    room = (PAGE_BYTES - FIXED_BYTES - len(script) - len(style)) * 3 // 4
    heading = title or f"Sequence dream, {objective_words(session, session.objective)}"
    header, arrays = recorded(session, room)
    message, buffers = protocol.pack({**header, "title": heading}, arrays)
    message["buffers"] = [base64.b64encode(buffer).decode() for buffer in buffers]
    return PAGE.format(
        policy=_policy(script, style),
        title=escaped(heading),
        style=style,
        # Not a character of it can end the element: names are whatever people call things.
        recording=json.dumps(message, allow_nan=False).replace("<", "\\u003c"),
        script=script,
        picture=picture.image(session, f"step {session.step_count:,}"),
    )


def _static(name: str) -> str:
    text = asset(name)
    if "</script" in text or "</style" in text or "<!--" in text:
        raise ValueError(f"{name} cannot stand in a page; build the front end anew")
    return text


def _policy(script: str, style: str) -> str:
    """Allow this script, this style and pictures from within; nothing else, and no network at all."""
    return (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
