"""Put a preview into words, the same on the terminal and on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_liveactivity.models.moments import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_liveactivity.preview._result import Preview


def facts(preview: Preview) -> Iterator[tuple[str, str]]:
    """
    Yield what you want to know before a send: names and values.

    :param preview: the preview.
    """
    yield "Request", f"{preview.vendor} {preview.verb}, {preview.url}"
    yield "Activity", preview.activity_id
    yield "Recipients", _recipients(preview)
    yield "Requests", f"{preview.requests:,}"
    if preview.seconds is not None:
        yield "Duration", f"about {in_words(preview.seconds)}, until {preview.until} if it starts now"
    if preview.push_bytes is not None:
        yield (
            "Push",
            f"at least {preview.push_bytes:,} of the {preview.push_limit:,} bytes that Apple accepts",
        )
    yield "Body", _body(preview)


def _recipients(preview: Preview) -> str:
    if preview.recipients is None:
        return preview.audience
    dropped = [
        f"{count:,} {noun}"
        for count, noun in ((preview.duplicates, "duplicates"), (preview.nulls, "nulls"))
        if count
    ]
    return f"{preview.recipients:,} recipients" + (f" ({', '.join(dropped)} left out)" if dropped else "")


def _body(preview: Preview) -> str:
    limit = (
        f" of the {preview.request_limit:,} that {preview.vendor} accepts" if preview.request_limit else ""
    )
    return f"{preview.request_bytes:,} bytes{limit}"
