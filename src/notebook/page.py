"""A notebook as one HTML page that needs no network and runs no script."""

import html
import re

import bleach
from bleach.css_sanitizer import CSSSanitizer
from nbconvert import HTMLExporter
from pygments.formatters import HtmlFormatter

TAGS = set(
    "a abbr b blockquote br code dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre s "
    "small span strong sub summary sup table tbody td tfoot th thead tr u ul svg g path line polyline rect circle text".split()
)
ATTRIBUTES = set(
    "align alt aria-label aria-valuenow class colspan cx cy d fill fill-opacity height href id opacity points r role rowspan "
    "src stroke stroke-opacity stroke-width style title viewbox viewBox width x x1 x2 y y1 y2".split()
)
STYLES = set(
    "background-color border-radius color display flex font font-size font-style font-weight height justify-content margin "
    "margin-left margin-right margin-top max-width opacity padding padding-left text-align white-space width".split()
)
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
STYLE = """
:root { color-scheme: light dark; }
body { max-width: 880px; margin: 32px auto 64px; padding: 0 20px; font: 15px/1.55 system-ui, "Segoe UI", sans-serif;
  color: light-dark(#1f2933, #e8ecf0); background: light-dark(#ffffff, #14191f); }
h1 { font-size: 27px; line-height: 1.25; } h2 { font-size: 20px; margin-top: 40px; }
a { color: light-dark(#005a8d, #7cc4f0); } a.anchor-link { display: none; }
code, pre { font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", monospace; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
p code, li code { padding: 1px 4px; border-radius: 3px; background: light-dark(#eef1f4, #2c343d); }
.highlight { margin: 14px 0 10px; padding: 10px 12px; border-left: 3px solid light-dark(#d3dbe3, #3a4653);
  background: light-dark(#f6f8fa, #1b222a); }
img { max-width: 100%; height: auto; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 12px 4px 0; vertical-align: top; }
thead th { border-bottom: 1px solid light-dark(#9aa5b1, #6b7783); }
tbody tr + tr td { border-top: 1px solid light-dark(#e4e8ec, #2c343d); }
.output_area { margin: 10px 0; overflow-x: auto; }
.output_stderr, .output_error { color: light-dark(#a3260d, #ffab91); }
@media print { body { margin: 0; max-width: none; } .highlight, img, tr { break-inside: avoid; } }
"""


def allowed(tag, name, value):
    """Pictures are part of the page; links lead where they say."""
    if name == "src":
        return tag == "img" and value.startswith("data:image/")
    return name in ATTRIBUTES


def page_of(notebook):
    """The page of a notebook that was run. Whatever its texts hold, they stay text."""
    exporter = HTMLExporter(template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True)
    exporter.exclude_anchor_links = True
    body, _ = exporter.from_notebook_node(notebook)
    clean = bleach.clean(
        body,
        tags=TAGS,
        attributes=allowed,
        protocols={"http", "https", "mailto", "data"},
        css_sanitizer=CSSSanitizer(allowed_css_properties=STYLES),
        strip=True,
    )
    heading = next((re.search(r"^# (.+)$", cell.source, re.M) for cell in notebook.cells if cell.cell_type == "markdown"), None)
    title = heading.group(1) if heading else "Notebook"
    light = HtmlFormatter(style="friendly").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
    colours = re.sub(r"background(-color)?: [^;}]+;?", "", f"{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}")
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{html.escape(title)}</title>
<style>{colours}{STYLE}</style></head>
<body>
{clean}
</body></html>
"""
