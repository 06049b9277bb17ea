"""A page that looks like the patients' phones: who wrote what, and a box to answer. Works without JavaScript; escapes everything."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import quote

from .handler import Provider

STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentcolor 18%, transparent); --ours: #1f6feb; --soft: color-mix(in srgb, currentcolor 9%, transparent) }
* { box-sizing: border-box }
body { font: 16px/1.45 system-ui, sans-serif; margin: 0; display: grid; grid-template-columns: minmax(14rem, 22rem) 1fr; min-height: 100vh }
nav { border-right: 1px solid var(--line); overflow-y: auto; max-height: 100vh }
nav h1 { font-size: 1.1rem; margin: 1rem }
nav form { margin: 0 1rem 1rem }
nav a { display: block; padding: .7rem 1rem; border-top: 1px solid var(--line); color: inherit; text-decoration: none }
nav a[aria-current] { background: var(--soft) }
nav small, time { opacity: .75; display: block }
main { padding: 1rem; display: flex; justify-content: center }
.phone { width: 100%; max-width: 26rem; border: 1px solid var(--line); border-radius: 2rem; padding: 1.2rem; align-self: flex-start }
.phone h2 { text-align: center; font-size: 1rem; margin: 0 0 1rem }
ol { list-style: none; margin: 0; padding: 0; display: flex; flex-direction: column; gap: .6rem; max-height: 65vh; overflow-y: auto }
li { max-width: 85%; padding: .55rem .8rem; border-radius: 1.1rem; background: var(--soft); overflow-wrap: anywhere; white-space: pre-line }
li.theirs { align-self: flex-end; background: var(--ours); color: #fff }
li time { font-size: .75rem; white-space: normal }
.reply { display: flex; gap: .5rem; margin-top: 1rem }
input { flex: 1; min-width: 0; font: inherit; padding: .5rem .8rem; border-radius: 1rem; border: 1px solid var(--line) }
button { font: inherit; padding: .5rem 1rem; border-radius: 1rem; border: 0; background: var(--ours); color: #fff }
@media (max-width: 44rem) { body { grid-template-columns: 1fr } nav { max-height: 40vh } }
"""

LAST_TEXTS = """
SELECT number, body, created, texts FROM (
    SELECT CASE direction WHEN 'inbound' THEN sender ELSE recipient END AS number, body, created,
           count(*) OVER w AS texts, row_number() OVER (w ORDER BY n DESC) AS r
    FROM message WINDOW w AS (PARTITION BY CASE direction WHEN 'inbound' THEN sender ELSE recipient END))
WHERE r = 1 AND number LIKE ? ORDER BY created DESC LIMIT 200
"""


def threads(provider: Provider, search: str = "") -> list[dict[str, Any]]:
    """Phones with their last text, the freshest first; at most 200."""
    return [dict(row) for row in provider.ledger.rows(LAST_TEXTS, (f"%{search}%",))]


def thread(provider: Provider, number: str) -> list[dict[str, Any]]:
    """Everything said with one number, oldest first."""
    return [
        dict(row) for row in provider.ledger.rows("SELECT * FROM message WHERE recipient = ? OR sender = ? ORDER BY n", (number, number))
    ]


def page(provider: Provider, number: str = "", search: str = "") -> str:
    """The whole page: phones at the left, the chosen one at the right."""
    shown = _phone(provider, number) if number else "<p>Choose a phone.</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Phones</title><style>{STYLE}</style></head><body>{_list(provider, number, search)}<main>{shown}</main></body></html>"
    )


def _list(provider: Provider, number: str, search: str) -> str:
    rows = "".join(
        f'<a href="/_phones/{quote(row["number"])}"{" aria-current=page" if row["number"] == number else ""}>'
        f"<strong>{escape(row['number'])}</strong> <span>({row['texts']})</span><small>{escape(row['body'][:70])}</small></a>"
        for row in threads(provider, search)
    )
    box = f'<form action="/"><input name="q" value="{escape(search)}" aria-label="Search a number" placeholder="Search a number"></form>'
    return f'<nav aria-label="Phones"><h1>Patients&rsquo; phones (simulated)</h1>{box}{rows or "<p>No texts yet.</p>"}</nav>'


def _phone(provider: Provider, number: str) -> str:
    texts = "".join(_bubble(row) for row in thread(provider, number)) or "<li>No texts yet.</li>"
    return (
        f'<section class="phone"><h2>{escape(number)}</h2><ol>{texts}</ol>'
        f'<form class="reply" method="post" action="/_phones/{quote(number)}/reply">'
        '<input name="Body" aria-label="Reply" placeholder="Text message" required maxlength="1600" autocomplete="off"><button>Send</button></form></section>'
    )


def _bubble(row: dict[str, Any]) -> str:
    when = datetime.fromtimestamp(row["created"], UTC)
    state = row["status"] + (f" {row['error_code']}" if row["error_code"] else "")
    side = ' class="theirs"' if row["direction"] == "inbound" else ""
    return (
        f'<li{side}>{escape(row["body"])}<time datetime="{when.isoformat()}">{when:%d %b %Y %H:%M} UTC &middot; {escape(state)}</time></li>'
    )
