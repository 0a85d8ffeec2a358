"""What axe-core objects to."""

from __future__ import annotations

import json
from pathlib import Path

AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"


def violations(page) -> list[str]:
    """Run axe on the widget; JupyterLab's own are not ours."""
    if not page.evaluate("() => 'axe' in window"):
        # JupyterLab has an AMD loader, which would take the script for a module of its own.
        page.evaluate(f"() => {{ const define = undefined, module = undefined; {AXE.read_text('utf-8')} }}")
    found = page.evaluate("async () => (await axe.run('.seqdream', {resultTypes: ['violations']})).violations")
    return [f"{one['id']}: {json.dumps([node['html'][:160] for node in one['nodes'][:3]])}" for one in found]
