"""Read the next chunk while PostgreSQL stores this one.

Three threads: one reads lines, two store chunks in turn, each in a session of its own. While one
session folds its chunk, the other takes the blocks of the next into its temporary table, so that
no chunk is ever held in memory. Threads are enough: who stores waits in libpq, which gives the
interpreter free.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator

from django.db import connection

from truscan.ingest import staging
from truscan.ingest.chunk import Chunk, Piece

Store = Callable[[Chunk], None]

# Blocks that wait for a session; each is about two megabytes.
_WAITING = 4
_SECONDS = 0.2


def store_in_turn(pieces: Iterator[Piece], store: Store) -> None:
    """Read and store in this thread and session: for small files and within a transaction."""
    pieces = iter(pieces)
    while chunk := _fill(pieces):
        store(chunk)


def _fill(pieces: Iterator[Piece]) -> Chunk | None:
    """Stage blocks in this session until their chunk is whole; None at the end."""
    with connection.cursor() as cursor:
        is_begun = False
        for piece in pieces:
            if not is_begun:
                staging.begin(cursor)
                is_begun = True
            if isinstance(piece, Chunk):
                return piece
            staging.load(cursor, piece)
    return None


def store_overlapped(pieces: Iterator[Piece], store: Store) -> None:
    """Read ahead of storing; chunks are stored in their order. The first error is raised."""
    line = _Line(pieces, store)
    threads = [threading.Thread(target=line.read, name="read", daemon=True)]
    threads += [threading.Thread(target=line.work, name="store", daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if line.error:
        raise line.error


class _Line:
    def __init__(self, pieces: Iterator[Piece], store: Store) -> None:
        self._pieces = pieces
        self._store = store
        self._waiting: queue.Queue[Piece | None] = queue.Queue(maxsize=_WAITING)
        self._taking = threading.Lock()
        self._turn = threading.Condition()
        self._taken = self._stored = 0
        self.error: BaseException | None = None

    def read(self) -> None:
        """The reading thread; its session finds or makes dimension rows."""
        try:
            for piece in self._pieces:
                if not self._put(piece):
                    return
            self._put(None)
        except BaseException as error:
            self._fail(error)
        finally:
            connection.close()

    def work(self) -> None:
        """A storing thread: fill the session with a chunk, wait for the turn, store."""
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET temp_buffers = '48MB'")
            while self._next():
                pass
        except BaseException as error:
            self._fail(error)
        finally:
            connection.close()

    def _next(self) -> bool:
        with self._taking:
            number, chunk = self._taken, _fill(iter(self._get, None))
            if chunk is None:
                return False
            self._taken += 1
        with self._turn:
            self._turn.wait_for(lambda: self._stored == number or self.error)
            if self.error:
                return False
        self._store(chunk)
        with self._turn:
            self._stored = number + 1
            self._turn.notify_all()
        return True

    def _put(self, piece: Piece | None) -> bool:
        while not self.error:
            try:
                self._waiting.put(piece, timeout=_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def _get(self) -> Piece | None:
        """The next piece; None at the end, which stays so for the other thread."""
        while not self.error:
            try:
                piece = self._waiting.get(timeout=_SECONDS)
            except queue.Empty:
                continue
            if piece is None:
                self._waiting.put(None)
            return piece
        return None

    def _fail(self, error: BaseException) -> None:
        with self._turn:
            self.error = self.error or error
            self._turn.notify_all()
