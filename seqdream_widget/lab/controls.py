"""Buttons, numbers and rows of them, in the Lab's manner."""

from __future__ import annotations

from collections.abc import Callable

from seqdream_widget.lab.untyped import Part, ipywidgets


def button(description: str, tooltip: str, act: Callable[[], object]) -> Part:
    """Return a button that does something."""

    def clicked(_: object) -> None:
        act()

    made = ipywidgets.Button(description=description, tooltip=tooltip)
    made.layout.width = "auto"
    made.layout.align_self = "flex-start"
    made.on_click(clicked)
    return made


def number_box(description: str, high: int) -> Part:
    """Return a field for a whole number from 0 on."""
    box = ipywidgets.BoundedIntText(value=0, min=0, max=high, description=description)
    box.layout.width = "160px"
    return box


def choice(options: list[str]) -> Part:
    """Return a row of which one is pressed."""
    made = ipywidgets.ToggleButtons(options=options)
    made.style.button_width = "auto"
    return made


def when_changed(part: Part, act: Callable[[], object], name: str = "value") -> None:
    """Do something whenever another value was chosen."""

    def changed(_: object) -> None:
        act()

    part.observe(changed, name)


def row(*parts: Part) -> Part:
    """Return a row, which breaks where it is too long."""
    made = ipywidgets.HBox(list(parts))
    made.layout.flex_flow = "row wrap"
    made.layout.align_items = "center"
    return made


def words(text: str = "") -> Part:
    """Return a place for quiet words; they are HTML."""
    made = ipywidgets.HTML(text)
    made.add_class("seqdream-lab-words")
    return made
