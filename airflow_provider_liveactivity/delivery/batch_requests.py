"""The requests of a send, in the order of its audience."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from airflow_provider_liveactivity.audience import Audience, Batch
    from airflow_provider_liveactivity.audience.base import Person
    from airflow_provider_liveactivity.vendors.base import Request


class BatchRequest(NamedTuple):
    """
    One request of a send.

    :param request: the request.
    :param key: key of the audience after which the next request begins; it may be an external id.
    :param activity_id: id of the activity.
    :param people: the recipients in the request: external ids, or aliases as (name, label).
    """

    request: Request
    key: Any = None
    activity_id: str = ""
    people: Sequence[Person] = ()

    def __repr__(self) -> str:
        """Return a text without key and recipients."""
        return f"<BatchRequest with {self.request!r}>"


class BatchRequests(Protocol):
    """All requests of a send."""

    def after(self, key: Any, boundary: Any = None, /) -> Iterator[BatchRequest]:
        """
        Yield the requests that follow a key.

        :param key: key of an earlier request; None for all requests.
        :param boundary: key of an earlier request; no batch has recipients on both sides of it.
        """


def _people(batch: Batch) -> Sequence[Person]:
    return (*batch.external_user_ids, *batch.user_aliases)


@dataclass(frozen=True, slots=True)
class AudienceRequests:
    """
    The requests for an audience.

    :param audience: the recipients.
    :param size: maximum number of recipients per request.
    :param build: returns the request for a batch.
    :param activity_id: id of the activity.
    :param people: returns the recipients of a batch; by default its external ids and aliases.
    """

    audience: Audience
    size: int
    build: Callable[[Batch], Request]
    activity_id: str = ""
    people: Callable[[Batch], Sequence[Person]] = _people

    def after(self, key: Any, boundary: Any = None) -> Generator[BatchRequest]:
        """Yield the requests that follow a key; close the generator to end its query."""
        for batch in self.audience.batches(self.size, key, boundary):
            yield BatchRequest(self.build(batch), batch.key, self.activity_id, self.people(batch))


@dataclass(frozen=True, slots=True)
class SingleRequest:
    """A send of one request."""

    request: Request

    def after(self, key: Any, boundary: Any = None) -> Iterator[BatchRequest]:
        """Yield the request, unless it is the one that the key belongs to."""
        return iter([] if key else [BatchRequest(self.request, key=True)])


def close_source(requests: Iterator[BatchRequest]) -> None:
    """End the query from which requests are read."""
    if isinstance(requests, Generator):
        requests.close()


class RequestSource:
    """
    The requests that are not submitted yet; some are read ahead while the pool is busy.

    :param read: requests that are read already; none by default.
    :param remaining: all further requests; none by default.
    """

    def __init__(
        self, read: Iterable[BatchRequest] = (), remaining: Iterator[BatchRequest] | None = None
    ) -> None:
        self._read = deque(read)
        self._remaining = iter(()) if remaining is None else remaining

    def read_ahead(self, count: int) -> None:
        """Read until ``count`` requests are ready."""
        self._read.extend(islice(self._remaining, count - len(self._read)))

    def take(self, count: int) -> list[BatchRequest]:
        """Return the next requests, fewer than ``count`` at the end."""
        ready = [self._read.popleft() for _ in range(min(count, len(self._read)))]
        return ready + list(islice(self._remaining, count - len(ready)))

    def close(self) -> None:
        """End the query from which the requests are read."""
        close_source(self._remaining)
