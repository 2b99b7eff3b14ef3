"""The requests of a send, in the order of its audience."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from airflow_provider_liveactivity.audience import Audience, Batch
    from airflow_provider_liveactivity.vendors.base import Request


class BatchRequest(NamedTuple):
    """
    One request of a send.

    :param request: the request.
    :param key: key of the audience after which the next request begins; it may be an external id.
    """

    request: Request
    key: Any = None

    def __repr__(self) -> str:
        """Return a text without the key."""
        return f"<BatchRequest with {self.request!r}>"


class BatchRequests(Protocol):
    """All requests of a send."""

    def after(self, key: Any, boundary: Any = None, /) -> Iterator[BatchRequest]:
        """
        Yield the requests that follow a key.

        :param key: key of an earlier request; None for all requests.
        :param boundary: key of an earlier request; no batch has recipients on both sides of it.
        """


@dataclass(frozen=True, slots=True)
class AudienceRequests:
    """
    The requests for an audience.

    :param audience: the recipients.
    :param size: most recipients per request.
    :param build: returns the request for a batch.
    """

    audience: Audience
    size: int
    build: Callable[[Batch], Request]

    def after(self, key: Any, boundary: Any = None) -> Generator[BatchRequest]:
        """Yield the requests that follow a key; close the generator to end the query behind it."""
        for batch in self.audience.batches(self.size, key, boundary):
            yield BatchRequest(self.build(batch), batch.key)


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
