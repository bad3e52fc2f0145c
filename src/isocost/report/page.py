"""The web page: one HTML file that needs no network, made from templates beside this file.

Whatever came from outside (names, questions, answers, errors) is escaped as text on the way in. As a second wall, the page's
own security policy allows only the two scripts that it was made with, by their hashes, and no request to anywhere.
"""

import base64
import hashlib
from html import escape
from pathlib import Path
from typing import Any

import msgspec

from isocost import __version__
from isocost.report.data import ReportData
from isocost.report.html import filled, prose, text_of
from isocost.report.picture import FORMATS, LIGHT, template, title
from isocost.report.rows import pack
from isocost.report.sections import facts, sections
from isocost.report.summary import verdict
from isocost.report.words import AXES


def page(data: ReportData, path: str | Path) -> Path:
    """Writes the report as one self-contained HTML file; returns where it is."""
    target = Path(path)
    target.write_text(html(data), encoding="utf-8", newline="\n")
    return target


def html(data: ReportData) -> str:
    """The report as the text of one HTML page."""
    packed = pack(data)
    parts = sections(data, packed.limit)
    vega, script = text_of("vega.js"), text_of("page.js")
    fills = {
        "policy": _policy(vega, script),
        "title": escape(data.title),
        "style": text_of("page.css"),
        "nav": "".join(f'<a href="#{part.id}">{escape(part.title)}</a>' for part in parts),
        "lead": "".join(f"<p>{prose(sentence)}</p>" for sentence in verdict(data)),
        "facts": facts(data),
        "sections": "\n".join(part.html() for part in parts),
        "version": __version__,
        "story": _inert(_story(data)),
        "rows": packed.text,
        "vega": vega,
        "script": script,
    }
    return filled("page.html", fills)


def _story(data: ReportData) -> dict[str, Any]:
    """What the page's script needs: values scaled as they are shown, and the plot's specification."""
    measured = [name for name in AXES if name in data.axes]
    return {
        "systems": [
            {
                "name": name,
                "settings": {key: _setting(value) for key, value in data.settings.get(name, {}).items()},
                "values": {metric: _values(data, name, metric) for metric in measured if data.estimate(name, metric)},
            }
            for name in data.names
        ],
        "axes": [
            {
                "name": name,
                "label": AXES[name].label,
                "title": title(AXES[name], data.per),
                "kind": AXES[name].kind,
                "more": AXES[name].more_is_better,
                "format": FORMATS[AXES[name].kind],
            }
            for name in measured
        ],
        "frontiers": [
            {
                "x": each.axes[0],
                "y": each.axes[-1],
                "surely": {place.system: place.on_frontier for place in each.systems},
                "members": each.frontier,
            }
            for each in data.frontiers
        ],
        "plot": msgspec.json.decode(template()),
        "light": LIGHT,
    }


def _values(data: ReportData, system: str, metric: str) -> list[float | None]:
    estimate = data.estimate(system, metric)
    scale = data.per if AXES[metric].kind == "money" else 1
    bounds = (estimate.value, estimate.low, estimate.high) if estimate else (None, None, None)
    # Infinite bounds become null here: msgspec writes them so.
    return [None if bound is None else bound * scale for bound in bounds]


def _setting(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()
    return text if len(text) <= 160 else text[:160] + "…"


def _inert(value: Any) -> str:
    """JSON that cannot end its script element: no < or >, and no line separator that an old parser would take as code."""
    text = msgspec.json.encode(value).decode()
    for unsafe in "<>&\u2028\u2029":
        text = text.replace(unsafe, f"\\u{ord(unsafe):04x}")
    return text


def _policy(*scripts: str) -> str:
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts)
    walls = [
        "default-src 'none'",
        f"script-src {hashes}",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "base-uri 'none'",
    ]
    return "; ".join([*walls, "form-action 'none'"])
