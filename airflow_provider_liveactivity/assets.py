"""Live Activities as Airflow assets: ``braze://<host>/<activity_id>`` and ``moengage://<host>/<id>``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from airflow.providers.common.compat.openlineage.facet import Dataset as OpenLineageDataset
    from airflow.providers.common.compat.sdk import Asset

#: Airflow refuses longer ones.
MAX_URI_LENGTH = 1500


def braze_activity(host: str, activity_id: str, extra: dict[str, Any] | None = None) -> Asset:
    """
    Return the asset of an activity that goes through Braze.

    :param host: the workspace's REST endpoint, such as ``rest.iad-01.braze.com``, or its URL.
    :param activity_id: the id that the activity is started with; not templated.
    :param extra: what the asset is to say of itself.
    """
    return _asset(activity_uri("braze", host, activity_id), extra)


def moengage_activity(
    host: str, broadcast_live_activity_id: str, extra: dict[str, Any] | None = None
) -> Asset:
    """
    Return the asset of an activity that goes through MoEngage.

    :param host: the API's host, such as ``api-01.moengage.com``, or its URL.
    :param broadcast_live_activity_id: the id that the activity is started with; not templated. For the
        activities of single users it is their ``activity_id``.
    :param extra: what the asset is to say of itself.
    """
    return _asset(activity_uri("moengage", host, broadcast_live_activity_id), extra)


def activity_uri(vendor: str, host: str, activity_id: str) -> str:
    """Return the URI of an activity's asset: the id is one segment of its path, percent-encoded."""
    name = urlsplit(host if "://" in host else f"//{host}").netloc.lower()
    return f"{vendor}://{name}/{quote(activity_id, safe='')}"


def activity_id_of(uri: str) -> str:
    """Return the id that the vendor knows an activity by, from the URI of its asset."""
    return unquote(urlsplit(uri).path.lstrip("/"))


def sanitize_uri(uri: SplitResult) -> SplitResult:
    """
    Bring the URI of an activity into its one form; Airflow calls it for every asset of our schemes.

    :raises ValueError: where it names no host or no activity, or says more than that.
    """
    path = uri.path.lstrip("/")
    if not uri.netloc or not path or uri.query or "@" in uri.netloc:
        raise ValueError(
            f"URI format {uri.scheme}:// must be {uri.scheme}://<host>/<id of the activity>, with the id "
            f"percent-encoded: {uri.scheme}_activity(host, id) makes it."
        )
    return uri._replace(netloc=uri.netloc.lower(), path="/" + quote(unquote(path), safe=""))


def to_openlineage_dataset(asset: Asset, lineage_context: Any) -> OpenLineageDataset:  # noqa: ARG001
    """Return what OpenLineage calls the activity: the workspace is its namespace."""
    from airflow.providers.common.compat.openlineage.facet import Dataset as OpenLineageDataset

    parts = urlsplit(asset.uri)
    return OpenLineageDataset(namespace=f"{parts.scheme}://{parts.netloc}", name=activity_id_of(asset.uri))


def _asset(uri: str, extra: dict[str, Any] | None) -> Asset:
    from airflow.providers.common.compat.sdk import Asset

    return Asset(uri=uri, extra=extra)
