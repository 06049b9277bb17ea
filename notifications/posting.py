"""Posts on their way to the provider, several at once. Threads do nothing but wait for its answers: whatever touches the database stays
with the caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

Text = TypeVar("Text")
Answer = TypeVar("Answer")


class Posts(Generic[Text, Answer]):
    """At most `at_once` calls of `post`. One at a time needs no thread, and its order is the caller's."""

    def __init__(self, post: Callable[[Text], Answer], at_once: int) -> None:
        self.post, self.at_once = post, max(at_once, 1)
        self.pool = ThreadPoolExecutor(self.at_once, "post") if self.at_once > 1 else None
        self.running: dict[Future[Answer], Text] = {}

    @property
    def has_room(self) -> bool:
        return len(self.running) < self.at_once

    def begin(self, text: Text) -> None:
        if self.pool is not None:
            self.running[self.pool.submit(self.post, text)] = text
            return
        answer: Future[Answer] = Future()
        answer.set_result(self.post(text))
        self.running[answer] = text

    def ended(self) -> Iterator[tuple[Text, Answer]]:
        """Waits for the next to end; all that have by then. One whose taker is interrupted is told again."""
        done, _ = wait(self.running, return_when=FIRST_COMPLETED)
        for future in done:
            yield self.running[future], future.result()
            del self.running[future]

    def close(self) -> None:
        if self.pool is not None:
            self.pool.shutdown()
