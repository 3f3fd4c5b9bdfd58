"""Values prepared ahead of time by one thread, in order."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
Value = TypeVar("Value")


def feed(make: Callable[[Item], Value], items: Iterable[Item], ahead: int = 3) -> Iterator[Value]:
    """`make` of each item, at most `ahead` of them waiting; an error in `make` is raised here.

    Close the iterator (or leave the `for` loop by its end) to end the thread.
    """
    waiting: queue.Queue = queue.Queue(ahead)
    closed = threading.Event()

    def put(value: object) -> None:
        while not closed.is_set():
            try:
                return waiting.put(value, timeout=0.2)
            except queue.Full:
                continue

    def work() -> None:
        try:
            for item in items:
                if closed.is_set():
                    return
                put((make(item), None))
            put((None, StopIteration()))
        except Exception as error:
            put((None, error))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            value, error = waiting.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield value
    finally:
        closed.set()
        thread.join()
