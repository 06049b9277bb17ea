"""No line names a patient: what libraries would add is cut before it is written."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import structlog
from django.db import IntegrityError, connection

from config.logs import SHARED, _scrub, cut_query, cut_rows, cut_tokens


def rendered(caplog_record: logging.LogRecord) -> dict[str, Any]:
    """The line as the handler on stderr writes it."""
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
        foreign_pre_chain=SHARED,
    )
    line: dict[str, Any] = json.loads(formatter.format(caplog_record))
    return line


def test_a_search_term_in_a_query_string_is_cut() -> None:
    event = cut_query(None, "info", {"event": "request_started", "request": "GET /patients/?q=Smith+1961"})
    assert event["request"] == "GET /patients/"


@pytest.mark.django_db
def test_the_row_that_postgresql_refuses_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE secret (name text PRIMARY KEY); INSERT INTO secret VALUES ('ZZCANARY')")
        try:
            cursor.execute("INSERT INTO secret VALUES ('ZZCANARY')")
        except IntegrityError as error:
            assert "ZZCANARY" in str(error)
            logging.getLogger("pathways").exception("could not write")
    line = rendered(caplog.records[-1])
    assert "UniqueViolation" in line["exception"]
    assert "ZZCANARY" not in json.dumps({key: value for key, value in line.items() if key != "exception"})
    assert not [row for row in line["exception"].splitlines() if row.startswith("DETAIL") and "ZZCANARY" in row]


def test_details_of_an_error_are_cut_wherever_they_stand() -> None:
    event = cut_rows(None, "error", {"event": "duplicate key\nDETAIL:  Key (e164)=(+16175550100) already exists."})
    assert "6175550100" not in event["event"]


def test_an_error_report_carries_no_request_user_or_row() -> None:
    report = {
        "request": {"url": "/patients/?q=Smith", "data": {"family": "Smith"}},
        "user": {"username": "dara"},
        "extra": {"row": "Smith"},
        "exception": {"values": [{"type": "IntegrityError", "value": "duplicate key\nDETAIL: Key (family)=(Smith)"}]},
    }
    assert "Smith" not in json.dumps(_scrub(report, {}))
    assert "duplicate key" in json.dumps(_scrub(report, {}))


@pytest.mark.parametrize(
    "address", ["/a/SECRET", "/digests/stop/SECRET/", "/mail/stop/SECRET/", "/webhooks/twilio/status/uid/SECRET/", "/x/reset/key/SECRET/"]
)
def test_what_opens_or_ends_something_is_cut_from_addresses(address: str) -> None:
    event = cut_tokens(None, "info", {"event": "request_started", "request": f"GET {address}"})
    assert "SECRET" not in event["request"]
    assert "cut" in event["request"]


def test_what_an_error_quotes_is_cut_from_a_report_but_the_name_of_a_column() -> None:
    quoting = [
        'invalid input syntax for type date: "Okafor 1958"',
        "invalid literal for int(): 'Okafor'",
        'null value in column "home_site_id"',
    ]
    report = {"exception": {"values": [{"type": "DataError", "value": said} for said in quoting]}}
    said = [one["value"] for one in _scrub(report, {})["exception"]["values"]]
    assert said == ["invalid input syntax for type date: (cut)", "invalid literal for int(): (cut)", 'null value in column "home_site_id"']
