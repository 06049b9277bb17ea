"""Posts on their way to the provider, several at once. Threads do nothing but wait for its answers: whatever touches the database stays
with the caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

Text = TypeVar("Text")
Answer = TypeVar("Answer")


class Post(Generic[Text, Answer]):
    """One call, and what came of it."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.answer: list[Answer] = []
        self.fault: BaseException | None = None

    def make(self, post: Callable[[Text], Answer]) -> None:
        try:
            self.answer.append(post(self.text))
        except BaseException as fault:  # told to whoever asks for the answer
            self.fault = fault

    @property
    def has_ended(self) -> bool:
        return bool(self.answer) or self.fault is not None

    def outcome(self) -> Answer:
        if self.fault is not None:
            raise self.fault
        return self.answer[0]


class Posts(Generic[Text, Answer]):
    """At most `at_once` calls of `post`. One at a time needs no thread, and its order is the caller's."""

    def __init__(self, post: Callable[[Text], Answer], at_once: int) -> None:
        self.post, self.at_once = post, max(at_once, 1)
        self.running: list[Post[Text, Answer]] = []
        self.hands: list[Thread] = []
        self.todo: SimpleQueue[Post[Text, Answer] | None] = SimpleQueue()
        self.bell: SimpleQueue[None] = SimpleQueue()

    @property
    def has_room(self) -> bool:
        return len(self.running) < self.at_once

    def begin(self, text: Text) -> None:
        begun: Post[Text, Answer] = Post(text)
        self.running.append(begun)
        if self.at_once == 1:
            begun.make(self.post)
            return
        if len(self.hands) < len(self.running):
            self.hands.append(Thread(target=self._work, name="post", daemon=True))
            self.hands[-1].start()
        self.todo.put(begun)

    def ended(self) -> Iterator[tuple[Text, Answer]]:
        """Waits for the next to end; all that have by then. One whose taker is interrupted is told again."""
        while not (ended := [one for one in self.running if one.has_ended]):
            self.bell.get()  # may have rung for one that was seen already
        for one in ended:
            yield one.text, one.outcome()
            self.running.remove(one)

    def close(self) -> None:
        for _ in self.hands:
            self.todo.put(None)
        for hand in self.hands:
            hand.join()

    def _work(self) -> None:
        while (begun := self.todo.get()) is not None:
            begun.make(self.post)
            self.bell.put(None)
