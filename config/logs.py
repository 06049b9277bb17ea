"""JSON lines on stderr, without anything that names a patient.

Log events carry ids and counts. Two libraries would say more: request logs carry the query string, database errors carry the
row that failed. Both are cut here, at the one door through which every line goes.
"""

from __future__ import annotations

import logging
import logging.config
import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_QUERY = re.compile(r"\?\S*")
_TOKEN = re.compile(r"(?:(?<=/a/)|(?<=/reset/key/)|(?<=/digests/stop/)|(?<=/mail/stop/))[^/\s?]+|(?<=/status/)([\w-]+)/[^/\s?]+")
_SECRETS = ("/a/", "/mail/stop/", "/digests/stop/", "/status/", "/reset/key/")
_QUOTED = re.compile(r"""(["'])(?![a-z]+(?:_[a-z0-9]+)+\1).*\1""")
_ROW = re.compile(r"^(DETAIL|CONTEXT|LINE \d+):.*$", re.MULTILINE)


def cut_query(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """A search may hold a name: keep the path, drop what follows the question mark."""
    if isinstance(request := event.get("request"), str):
        event["request"] = _QUERY.sub("", request)
    return event


def cut_tokens(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """A link in a text, an e-mail or an invitation and a receipt's address carry a secret: keep where it led, not what opens it."""
    for key, value in event.items():
        if isinstance(value, str) and any(mark in value for mark in _SECRETS):
            event[key] = _TOKEN.sub(lambda found: f"{found[1]}/(cut)" if found[1] else "(cut)", value)
    return event


def cut_rows(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """PostgreSQL repeats the values of a row it refuses ("DETAIL: Key (e164)=(...)")."""
    for key, value in event.items():
        if isinstance(value, str) and ":" in value:
            event[key] = _ROW.sub(r"\1: (cut)", value)
    return event


SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    cut_query,
    cut_tokens,
    cut_rows,
]


def logging_config(level: str) -> None:
    """Send the standard library's and structlog's events through the same processors."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
                    "foreign_pre_chain": SHARED,
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                "django.server": {"level": "WARNING"},
                "axes": {"level": "ERROR"},  # it would name the user who failed to sign in; its table has that
                "django.template": {"level": "INFO"},  # a missing variable's DEBUG line repeats the page's whole context
                "django.db.backends": {"level": "INFO"},  # its DEBUG lines carry the values of statements
                "kombu": {"level": "WARNING"},
                "twilio": {"level": "ERROR"},  # its DEBUG and INFO lines carry number and text
                "urllib3": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def start_sentry(dsn: str, environment: str) -> None:
    """Report errors without local variables, request bodies, query strings or user data: each may hold a patient's."""
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_send=_scrub,
    )


def _scrub(event: Any, _hint: dict[str, Any]) -> Any:
    for key in ("request", "user", "extra", "breadcrumbs", "logentry"):
        event.pop(key, None)
    for value in (event.get("exception") or {}).get("values", []):
        said = _ROW.sub(r"\1: (cut)", value.get("value") or "").partition("\n")[0]
        value["value"] = _QUOTED.sub("(cut)", said)  # what an error quotes is what it could not read, unless it is the name of a column
    return event
