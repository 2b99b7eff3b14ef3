"""Live Activities as Airflow assets: ``braze://<host>/<activity_id>`` and ``moengage://<host>/<id>``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from airflow.providers.common.compat.openlineage.facet import Dataset as OpenLineageDataset
    from airflow.providers.common.compat.sdk import Asset

#: Longest URI that Airflow accepts, in characters.
MAX_URI_LENGTH = 1500


def braze_activity(host: str, activity_id: str, extra: dict[str, Any] | None = None) -> Asset:
    """
    Return the asset of an activity that is sent through Braze.

    :param host: REST endpoint of the workspace, such as ``rest.iad-01.braze.com``, or its URL.
    :param activity_id: id that the activity is started with; not templated.
    :param extra: extra of the asset, as a dict; none by default.
    """
    return _asset(activity_uri("braze", host, activity_id), extra)


def moengage_activity(
    host: str, broadcast_live_activity_id: str, extra: dict[str, Any] | None = None
) -> Asset:
    """
    Return the asset of an activity that is sent through MoEngage.

    :param host: host of the API, such as ``api-01.moengage.com``, or its URL.
    :param broadcast_live_activity_id: id that the campaign was created with, or ``activity_id`` for an
        activity of single users; not templated.
    :param extra: extra of the asset, as a dict; none by default.
    """
    return _asset(activity_uri("moengage", host, broadcast_live_activity_id), extra)


def activity_uri(vendor: str, host: str, activity_id: str) -> str:
    """
    Return the URI of an activity's asset; the id is one percent-encoded segment of its path.

    :param vendor: scheme of the URI: "braze" or "moengage".
    :param host: host of the vendor's API, or its URL.
    :param activity_id: id by which the vendor knows the activity.
    """
    name = urlsplit(host if "://" in host else f"//{host}").netloc.lower()
    return f"{vendor}://{name}/{quote(activity_id, safe='')}"


def activity_id_of(uri: str) -> str:
    """Return the id by which the vendor knows an activity, from the URI of the activity's asset."""
    return unquote(urlsplit(uri).path.lstrip("/"))


def sanitize_uri(uri: SplitResult) -> SplitResult:
    """
    Normalize the URI of an activity; Airflow calls this function for every asset with the provider's schemes.

    :param uri: URI of the asset, split into its parts.
    :raises ValueError: if the URI has no host or no activity, or if it has a query or credentials.
    """
    path = uri.path.lstrip("/")
    if not uri.netloc or not path or uri.query or "@" in uri.netloc:
        raise ValueError(
            f"URI format {uri.scheme}:// must be {uri.scheme}://<host>/<id of the activity>, with the id "
            f"percent-encoded: {uri.scheme}_activity(host, id) makes it."
        )
    return uri._replace(netloc=uri.netloc.lower(), path="/" + quote(unquote(path), safe=""))


def to_openlineage_dataset(asset: Asset, lineage_context: Any) -> OpenLineageDataset:  # noqa: ARG001
    """
    Return the OpenLineage dataset of an activity; the workspace is its namespace.

    :param asset: asset of the activity.
    :param lineage_context: passed by Airflow; not used.
    """
    from airflow.providers.common.compat.openlineage.facet import Dataset as OpenLineageDataset

    parts = urlsplit(asset.uri)
    return OpenLineageDataset(namespace=f"{parts.scheme}://{parts.netloc}", name=activity_id_of(asset.uri))


def _asset(uri: str, extra: dict[str, Any] | None) -> Asset:
    from airflow.providers.common.compat.sdk import Asset

    return Asset(uri=uri, extra=extra)
