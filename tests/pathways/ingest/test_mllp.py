"""The listener for interface engines, over a real socket: what is answered is stored, what is not answered is not."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from django.db import OperationalError

from pathways.definitions import registry
from pathways.ingest import intake
from pathways.ingest.hl7 import mllp
from pathways.models import Feed, Inbound
from patients.models import Site

from .messages import PRESENT, gene, panel

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
RESULT = panel(*gene("2a", "EGFR", PRESENT))
SECOND = RESULT.replace(b"|C1|", b"|C2|")


@pytest.fixture
def feed() -> Feed:
    registry.clear()
    return Feed.objects.create(name="ehr", site=Site.objects.create(code="north", name="North"), assigner="HOSP", may_register=True)


@contextmanager
def listening(feed: Feed, now: datetime, largest: int = mllp.LARGEST) -> Iterator[int]:
    """The listener on a thread of its own, with the port that the system gave it."""
    loop, listener = asyncio.new_event_loop(), mllp.Listener(feed, clock=lambda: now, largest=largest, connections=2)
    server = loop.run_until_complete(listener.listen("127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(listener.stop(), loop).result(timeout=20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=20)
        loop.close()


def heard(connection: socket.socket) -> str:
    """One frame of answers."""
    said = b""
    while not said.endswith(mllp.END):
        piece = connection.recv(65_536)
        assert piece, f"hung up after {said!r}"
        said += piece
    assert said.startswith(mllp.BEGIN)
    return mllp.body_of(said).decode()


def say(port: int, *pieces: bytes, answers: int = 1) -> list[str]:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return [heard(connection) for _ in range(answers)]


def test_a_message_is_answered_when_it_is_stored(feed: Feed, now: datetime) -> None:
    with listening(feed, now) as port:
        [answer] = say(port, mllp.framed(RESULT))
        assert "MSA|AA|C1" in answer
        assert bytes(Inbound.objects.get().body) == RESULT


def test_frames_may_come_in_pieces_and_together(feed: Feed, now: datetime) -> None:
    both = b"\r\n" + mllp.framed(RESULT) + mllp.framed(SECOND)
    with listening(feed, now) as port, socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for at in range(0, len(both), 97):
            connection.sendall(both[at : at + 97])
        assert ["MSA|AA|C1" in heard(connection), "MSA|AA|C2" in heard(connection)] == [True, True]
        assert Inbound.objects.count() == 2


def test_half_a_frame_is_nothing_and_holds_up_nobody(feed: Feed, now: datetime) -> None:
    with listening(feed, now) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(mllp.BEGIN + RESULT[:100])
        assert "MSA|AA|C2" in say(port, mllp.framed(SECOND))[0]
        assert Inbound.objects.get().control_id.startswith("C2")


def test_our_own_trouble_asks_to_send_again(feed: Feed, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> None:
        raise OperationalError("the database is away")

    with listening(feed, now) as port:
        with monkeypatch.context() as patch:
            patch.setattr(intake, "take", down)
            assert "MSA|AE|C1" in say(port, mllp.framed(RESULT))[0]
        assert not Inbound.objects.exists()
        assert "MSA|AA|C1" in say(port, mllp.framed(RESULT))[0]


def test_a_frame_without_end_is_refused_before_it_fills_the_memory(feed: Feed, now: datetime) -> None:
    with listening(feed, now, largest=2_000) as port:
        [answer] = say(port, mllp.BEGIN + RESULT + b"x" * 5_000)
        assert "MSA|AR|C1" in answer
        assert not Inbound.objects.exists()


def test_it_stops_when_told_to(feed: Feed, now: datetime) -> None:
    """SIGTERM, as a supervisor sends it: the port is free again and nothing hangs."""
    ports: list[int] = []

    def stop_at(port: int) -> None:
        ports.append(port)
        os.kill(os.getpid(), signal.SIGTERM)

    def serve(ready: Callable[[int], object]) -> None:
        listener = mllp.Listener(feed, clock=lambda: now)
        asyncio.run(asyncio.wait_for(mllp.serve(listener, host="127.0.0.1", port=0, tls=None, ready=ready), timeout=20))

    before = signal.getsignal(signal.SIGTERM)
    try:
        serve(stop_at)
    finally:
        signal.signal(signal.SIGTERM, before)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", ports[0]), timeout=5)
