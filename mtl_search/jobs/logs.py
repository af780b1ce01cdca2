"""The log of a job, followed to the job's real end.

Ray's stream of a log may end while the job runs, and a connection may be cut. The stream begins
anew each time it is opened, so what was seen is counted and left out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from mtl_search.errors import ClusterError
from mtl_search.jobs.client import RefusedError, sentences

if TYPE_CHECKING:
    from ray.job_submission import JobSubmissionClient

_POLL_S = 2.0
# After so long without a line the stream is opened anew: it may be dead without a sign.
_SILENCE_S = 300.0
PATIENCE_S = 600.0


class Patience:
    """Waits while the connection to a cluster is lost, but not for ever.

    Args:
        job_id: The job's id, for the message at the end.
        patience_s: How long the connection may stay away.
        on_lost: A function that is told once for each time that it is lost.

    Examples:
        >>> Patience("toy-1", 0.0).wait(RefusedError("there is no job 'toy-1'"))
        Traceback (most recent call last):
            ...
        mtl_search.jobs.client.RefusedError: there is no job 'toy-1'
    """

    def __init__(
        self,
        job_id: str,
        patience_s: float = PATIENCE_S,
        on_lost: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._job_id = job_id
        self._patience_s = patience_s
        self._on_lost = on_lost
        self._lost_since: float | None = None

    def renew(self) -> None:
        """Note that the cluster has answered."""
        self._lost_since = None

    def wait(self, error: ClusterError) -> None:
        """Wait a moment before the next attempt.

        Args:
            error: Why the last one failed.

        Raises:
            ClusterError: The connection was away for too long, or waiting would not help.
        """
        if isinstance(error, RefusedError):
            raise error
        now = time.monotonic()
        if self._lost_since is None:
            self._lost_since = now
            self._on_lost("The connection to the cluster is lost; trying again.")
        if now - self._lost_since > self._patience_s:
            raise ClusterError(
                f"the connection to the cluster was lost and did not come back in "
                f"{self._patience_s:g} s; the job may well go on: `mtl-search jobs logs "
                f"{self._job_id} --follow` takes up where this ended"
            ) from error
        time.sleep(1)


class LogFollower:
    """Follows the log of one job.

    Args:
        client: The connection to the cluster.
        job_id: The job's id.
        patience_s: How long a connection that is lost may stay away.
        on_lost: A function that is told once for each time that the connection is lost.
    """

    def __init__(
        self,
        client: JobSubmissionClient,
        job_id: str,
        patience_s: float = PATIENCE_S,
        on_lost: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._client = client
        self._job_id = job_id
        self._patience = Patience(job_id, patience_s, on_lost)
        self._seen = 0  # characters that were given

    def pieces(self) -> Iterator[str]:
        """Yield the log piece by piece, each character once, until the job has ended.

        Raises:
            ClusterError: The connection is lost and does not come back.
        """
        while True:
            try:
                with sentences(self._client.get_address(), self._job_id):
                    yield from self._stream()
                    if self._has_ended():
                        break
                    self._patience.renew()
            except ClusterError as error:
                self._patience.wait(error)
                continue
            time.sleep(0.5)
        yield from self._rest()

    def _rest(self) -> Iterator[str]:
        """Yield what the stream has left out."""
        while True:
            try:
                with sentences(self._client.get_address(), self._job_id):
                    text: str = self._client.get_job_logs(self._job_id)
                break
            except ClusterError as error:
                self._patience.wait(error)
        if len(text) > self._seen:
            yield text[self._seen :]
            self._seen = len(text)

    def _stream(self) -> Iterator[str]:
        """Yield what is new in the stream, until it ends for whatever reason."""
        position = 0  # characters of the stream
        with closing(_Pieces(self._client.tail_job_logs(self._job_id))) as stream:
            while True:
                piece = stream.next_piece(_POLL_S)
                if piece is None:
                    if self._has_ended() or stream.silent_s() > _SILENCE_S:
                        return
                    continue
                self._patience.renew()
                new = piece[max(0, self._seen - position) :]
                position += len(piece)
                if new:
                    self._seen += len(new)
                    yield new

    def _has_ended(self) -> bool:
        with sentences(self._client.get_address(), self._job_id):
            return bool(self._client.get_job_status(self._job_id).is_terminal())


class _Pieces:
    """An asynchronous stream, read with a time limit a piece.

    Args:
        stream: The stream of Ray's client.
    """

    def __init__(self, stream: AsyncIterator[str]) -> None:
        self._loop = asyncio.new_event_loop()
        self._stream = stream
        self._waiting: asyncio.Task[str] | None = None
        self._heard = time.monotonic()

    def next_piece(self, timeout: float) -> str | None:
        """Return the next piece; None when there is none in time, or the stream has ended."""
        import aiohttp

        if self._waiting is None:
            self._waiting = self._loop.create_task(self._anext())
        self._loop.run_until_complete(asyncio.wait({self._waiting}, timeout=timeout))
        if not self._waiting.done():
            return None
        task, self._waiting = self._waiting, None
        try:
            piece = task.result()
        except (StopAsyncIteration, RuntimeError, OSError, aiohttp.ClientError) as error:
            # The caller asks whether the job has ended, and opens another stream if not.
            self._heard = float("-inf")
            if isinstance(error, aiohttp.ClientConnectorError):
                raise ConnectionError(str(error)) from None
            return None
        self._heard = time.monotonic()
        return piece

    def silent_s(self) -> float:
        """Return the seconds since the last piece; without end where the stream is closed."""
        return time.monotonic() - self._heard

    def close(self) -> None:
        """End the stream, also in the middle of waiting for a piece."""
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        if left:
            self._loop.run_until_complete(asyncio.wait(left))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _anext(self) -> str:
        try:
            return await anext(self._stream)
        except StopAsyncIteration:  # which no task may raise
            raise RuntimeError("the stream has ended") from None
