"""The documentation site: `make docs` builds it into `docs/_build/html`.

The pages are Markdown that reads the same on GitHub. What lies outside `docs` and is linked from there has a page of
its own here: `MOVED` says which.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.util.inspect import signature as signature_of
from sphinx.util.inspect import stringify_signature

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import seqdream_widget  # noqa: E402 - from this clone
from docs import replay  # noqa: E402 - from this clone

project = "seqdream_widget"
author = "the seqdream_widget developers"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx's name for it
version = release = seqdream_widget.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "README.md"]
default_role = "py:obj"
suppress_warnings = [
    "myst.header",  # pages whose only headings are the names of classes
    "ref.python",  # a word in a docstring, such as "sequence", that names several things
]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
myst_links_external_new_tab = False

napoleon_google_docstring = False
napoleon_use_ivar = True
autodoc_class_signature = "mixed"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
maximum_signature_line_length = 60
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"

html_theme = "pydata_sphinx_theme"
html_title = "seqdream_widget"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_show_sourcelink = False
html_copy_source = False
# Pages that are alone in their chapter have nothing to list at the left.
html_sidebars = {page: [] for page in ("index", "tutorial", "gallery", "honesty", "comparison")}
html_theme_options = {
    "logo": {"text": "seqdream_widget"},
    "header_links_before_dropdown": 8,
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}

MOVED = {
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "seqdream_widget/demos/shortcut/README.md": "project/demo-shortcut.md",
    "seqdream_widget/demos/forda/README.md": "project/demo-forda.md",
    "seqdream_widget/demos/ecg5000/README.md": "project/demo-ecg5000.md",
}
"""Files outside `docs`, and the page that shows each."""


QUESTIONS = "<!-- questions -->"
"""Where `docs/README.md`, which is what GitHub shows of this folder, has its table; and where the front page has it."""


def prepare(app: Sphinx, page: str, source: list[str]) -> None:
    """Give the front page its table, and lead the links that leave `docs` to the pages that show what they lead to."""
    if page == app.config.root_doc:
        readme = (Path(app.srcdir) / "README.md").read_text("utf-8")
        source[0] = source[0].replace(QUESTIONS, readme.partition(QUESTIONS)[2])
    up = "../" * page.count("/")
    for file, shown in MOVED.items():
        source[0] = source[0].replace(f"]({up}../{file}", f"]({up}{shown}")


def find_by_short_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Element
) -> nodes.Element | None:
    """Find what docstrings call `sd.…`, as their examples do."""
    target = node["reftarget"]
    if node.get("refdomain") != "py" or not target.startswith("sd."):
        return None
    full = f"seqdream_widget.{target.removeprefix('sd.')}"
    return env.domains["py"].resolve_xref(env, node["refdoc"], app.builder, "obj", full, node, content)


class PictureOfEachTheme(SphinxTransform):
    """Show a picture called ``…-light.png`` on light pages, and the one called ``…-dark.png`` on dark ones."""

    default_priority = 500

    def apply(self, **_: Any) -> None:
        """Put the dark picture beside the light one, unless the page shows both; the theme hides one of them."""
        pictures = list(self.document.findall(nodes.image))
        shown = {picture["uri"] for picture in pictures}
        for light in pictures:
            dark = light["uri"].replace("-light.png", "-dark.png")
            if dark not in shown and (Path(self.document["source"]).parent / dark).is_file():
                twin = light.deepcopy()
                twin["uri"] = dark
                twin["classes"].append("only-dark")
                light["classes"].append("only-light")
                light.parent.insert(light.parent.index(light) + 1, twin)


def escape_bars(*event: Any) -> None:
    """Keep ``|x|`` in a first line what it is: the widget shows that line as plain text, so it has no markup."""
    lines: list[str] = event[-1]
    if lines:
        parts = lines[0].split("``")  # odd ones are literal as they are
        lines[0] = "``".join(part if i % 2 else part.replace("|", "\\|") for i, part in enumerate(parts))


def signature_of_its_own(*event: Any) -> tuple[str, None] | None:
    """Show how a widget is made, and not how traitlets makes any object: ``*args, **kwargs``."""
    _, what, _, thing, _, signature, _ = event
    if what != "class" or not (signature or "").startswith("(*args"):
        return None
    own = signature_of(thing.__init__, bound_method=True)
    return stringify_signature(own, show_return_annotation=False), None


def write_replay(app: Sphinx, failed: Exception | None) -> None:
    """Put the replay of the front page beside it."""
    if failed is None and app.builder.format == "html":
        replay.write(Path(app.outdir) / "replay.html")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect what is ours."""
    app.add_transform(PictureOfEachTheme)
    app.connect("source-read", prepare)
    app.connect("autodoc-process-docstring", escape_bars)
    app.connect("autodoc-process-signature", signature_of_its_own)
    app.connect("missing-reference", find_by_short_name)
    app.connect("build-finished", write_replay)
    return {"parallel_read_safe": True}
