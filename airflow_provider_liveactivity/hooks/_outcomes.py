"""Store outcomes in a folder of any file system that Airflow's ObjectStoragePath opens."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_liveactivity._blank import blank_to_none
from airflow_provider_liveactivity.errors import LiveActivityError
from airflow_provider_liveactivity.outcomes import OutcomeFiles, store_locally

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    from airflow.sdk import ObjectStoragePath

_LOCAL = ("", "file")


class OutcomesNotStored(LiveActivityError):
    """The outcomes of a send could not be stored; what was sent without one is unknown to a retry."""

    retryable = True


def outcome_files(outcomes_path: str | PathLike[str] | ObjectStoragePath | None) -> OutcomeFiles | None:
    """
    Return the writer of outcomes for a folder; None if no folder is given.

    :param outcomes_path: local path, URL such as ``s3://conn_id@bucket/folder``, or ``ObjectStoragePath``;
        None or blank text, which templates render for a missing value, for none.
    """
    path = blank_to_none(outcomes_path)
    return None if path is None else OutcomeFiles(partial(_store, path))


def _store(folder: str | PathLike[str] | ObjectStoragePath, name: str, data: bytes) -> None:
    try:
        _writer(folder)(name, data)
    except Exception as error:
        raise OutcomesNotStored(
            f"the outcomes could not be written to outcomes_path {str(folder)!r} "
            f"({type(error).__name__}: {error}). Check that it exists and that the worker may write to it."
        ) from error


def _writer(folder: str | PathLike[str] | ObjectStoragePath) -> Callable[[str, bytes], object]:
    from airflow.sdk import ObjectStoragePath

    if not isinstance(folder, ObjectStoragePath) and "://" not in str(folder):
        return partial(store_locally, Path(folder))  # Airflow 3.1 takes a relative path for one of the root
    path = folder if isinstance(folder, ObjectStoragePath) else ObjectStoragePath(str(folder))
    if path.protocol in _LOCAL:
        return partial(store_locally, Path(path.path))
    return lambda name, data: (path / name).write_bytes(data)  # an object appears when it is complete
