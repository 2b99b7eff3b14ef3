"""Write a preview as a web page that needs no other file and no network."""

from __future__ import annotations

import json
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from airflow_provider_liveactivity.preview._words import facts

if TYPE_CHECKING:
    from airflow_provider_liveactivity.preview._result import Preview

_STYLE = """
:root { color-scheme: light dark; --text: #1c1c1e; --dim: #5b5b60; --ground: #fff; --panel: #f2f2f7; }
@media (prefers-color-scheme: dark) {
  :root { --text: #f2f2f7; --dim: #aeaeb2; --ground: #111; --panel: #1c1c1e; }
}
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem; background: var(--ground); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.25rem; } h2 { font-size: 1rem; margin-top: 2rem; }
h1 small { display: block; font-weight: normal; color: var(--dim); }
#phone { display: flex; justify-content: center; padding: 3rem 1rem; border-radius: 1.5rem;
  background: linear-gradient(160deg, #3a4a8c, #8c3a6b); }
#phone > * { min-width: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
pre { padding: 1rem; border-radius: .75rem; background: var(--panel); overflow-x: auto;
  white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; } }
"""


def page(preview: Preview) -> str:
    """
    Return the page.

    :param preview: the preview.
    """
    ui = files("airflow_provider_liveactivity") / "ui"
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts(preview))
    warnings = "".join(f"<li>{escape(warning)}</li>" for warning in preview.warnings)
    body = json.dumps(preview.body, indent=2, ensure_ascii=False)
    # In a script, "<" could begin a tag that ends the script.
    activity = json.dumps(preview.activity).replace("<", "\\u003c")
    now = json.dumps(preview.activity["updated_at"])
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Preview of {escape(preview.task_id)}</title>
<style>{(ui / "card.css").read_text()}{_STYLE}</style>
</head>
<body>
<main>
<h1>{escape(preview.dag_id)} · {escape(preview.task_id)} <small>A preview: nothing was sent.</small></h1>
<div id="phone"></div>
<h2>What would be sent</h2>
<dl>{rows}</dl>
{f"<h2>Warnings</h2><ul>{warnings}</ul>" if warnings else ""}
<h2>One request</h2>
<pre tabindex="0">{escape(body)}</pre>
<h2>The same request with curl</h2>
<pre tabindex="0">{escape(preview.curl)}</pre>
</main>
<script type="module">
{(ui / "card.js").read_text()}
document.getElementById("phone").append(renderCard({activity}, {{now: {now}}}));
</script>
</body>
</html>
"""
