"""`manage.py mllp`: listen for an interface engine."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from pathways.ingest.hl7 import mllp
from pathways.models import Feed


class Command(BaseCommand):
    help = "Take HL7 v2 in over MLLP for one feed; each message is answered after it is stored for good."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--feed", required=True, help="name of the feed whose messages these are")
        parser.add_argument("--host", default="127.0.0.1", help="MLLP knows no password: listen inside the hospital's network only")
        parser.add_argument("--port", type=int, default=2575)
        parser.add_argument("--tls-certificate", help="PEM file with certificate and key; engines then connect over TLS")
        parser.add_argument("--tls-clients", help="PEM file of the authorities whose client certificates are let in")

    def handle(self, *args: Any, **options: Any) -> None:
        feed = Feed.objects.select_related("site").filter(name=options["feed"]).first()
        if feed is None:
            raise CommandError(f"no feed {options['feed']}; add it with `manage.py feed`")
        tls = _tls(options["tls_certificate"], options["tls_clients"])
        asyncio.run(self._serve(feed, options["host"], options["port"], tls))

    async def _serve(self, feed: Feed, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        listener = mllp.Listener(feed, clock=timezone.now)
        await mllp.serve(
            listener, host=host, port=port, tls=tls, ready=lambda at: self.stdout.write(f"feed {feed.name} on {host}:{at}", ending="\n")
        )


def _tls(certificate: str | None, clients: str | None) -> ssl.SSLContext | None:
    """Raises CommandError where the files cannot be used, or client certificates are wanted without TLS."""
    if certificate is None:
        if clients:
            raise CommandError("--tls-clients needs --tls-certificate")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate)
        if clients:
            context.load_verify_locations(clients)
            context.verify_mode = ssl.CERT_REQUIRED
    except OSError as error:
        raise CommandError(f"the certificate cannot be used: {error}") from error
    return context
