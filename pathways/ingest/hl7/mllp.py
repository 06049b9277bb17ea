"""The listener for interface engines: HL7 v2 over MLLP (`0x0B message 0x1C 0x0D`), one answer a frame, in the order sent.

Each connection has a thread for its messages, so that a slow commit on one holds up no other. A sender that hangs up in the middle of a
frame has heard no answer and sends it again; nothing of it is kept.
"""

from __future__ import annotations

import asyncio
import signal
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog
from django.db import close_old_connections, connections

from pathways.models import Feed

from . import ack, door
from .door import Clock

log = structlog.get_logger(__name__)

BEGIN, END = b"\x0b", b"\x1c\r"
LARGEST = 32 * 1024 * 1024
"""Bytes of one frame; a PDF inside of an OBX is normal for genomic reports."""

CONNECTIONS = 16


class Listener:
    """Listens for one feed; `largest` in bytes. More than `connections` wait until one hangs up."""

    def __init__(self, feed: Feed, *, clock: Clock, largest: int = LARGEST, connections: int = CONNECTIONS) -> None:
        self.feed = feed
        self.clock = clock
        self.largest = largest
        self.free = asyncio.Semaphore(connections)
        self.talking: set[asyncio.Task[None]] = set()
        self.idle: set[asyncio.Task[None]] = set()

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> asyncio.Server:
        self.server = await asyncio.start_server(self._talk, host, port, limit=self.largest, ssl=tls)
        return self.server

    async def stop(self) -> None:
        """Takes nobody new, hangs up on whoever is silent, and answers the messages in hand."""
        self.server.close()
        talking = list(self.talking)
        while self.talking:
            for task in self.idle:
                task.cancel()
            await asyncio.wait(self.talking, timeout=0.1)
        await asyncio.gather(*talking, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.talking.add(task)
        try:
            async with self.free:
                with ThreadPoolExecutor(max_workers=1, thread_name_prefix="mllp") as thread:
                    await self._converse(reader, writer, task, thread)
        except asyncio.CancelledError:
            return  # stopping, between two frames
        finally:
            writer.close()
            self.talking.discard(task)

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, task: asyncio.Task[None], thread: ThreadPoolExecutor
    ) -> None:
        in_thread = partial(asyncio.get_running_loop().run_in_executor, thread)
        try:
            while True:
                self.idle.add(task)
                frame = await reader.readuntil(END)
                self.idle.discard(task)
                writer.write(framed(await in_thread(self._answer, body_of(frame))))
                await writer.drain()
        except asyncio.IncompleteReadError as rest:
            if rest.partial.strip():
                log.warning("mllp_hung_up", feed=self.feed.name, size=len(rest.partial))
        except asyncio.LimitOverrunError:
            writer.write(framed(self._too_large(await reader.read(4096))))
            await writer.drain()
        except ConnectionError:
            log.warning("mllp_connection_lost", feed=self.feed.name)
        finally:
            self.idle.discard(task)
            thread.submit(connections.close_all)

    def _answer(self, body: bytes) -> bytes:
        """In the connection's thread, with a database connection that is looked after as a request's would be."""
        close_old_connections()
        return door.answer(body, feed=self.feed, clock=self.clock)[0]

    def _too_large(self, beginning: bytes) -> bytes:
        head = body_of(beginning).split(b"\r", 1)[0]
        log.warning("mllp_too_large", feed=self.feed.name)
        return ack.acknowledge(head, code=ack.REJECT, answer_id="too-large", now=self.clock(), reason="too_large", words="frame too large")


def body_of(frame: bytes) -> bytes:
    """The message in a frame; what stands before its begin is noise between frames."""
    return frame.removesuffix(END).rpartition(BEGIN)[2]


def framed(answer: bytes) -> bytes:
    return BEGIN + answer + END


async def serve(listener: Listener, *, host: str, port: int, tls: ssl.SSLContext | None, ready: Callable[[int], object]) -> None:
    """Until SIGTERM or Ctrl-C; the message in hand is answered first. `ready` hears the port, which the system chose where it was 0."""
    server = await listener.listen(host, port, tls)
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    ready(server.sockets[0].getsockname()[1])
    await stopped.wait()
    await listener.stop()
