"""Keep the state and the progress of a send in the running task."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Any, cast

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_liveactivity._stored_names import PROGRESS_KEY
from airflow_provider_liveactivity.delivery.checkpoint import CHECKPOINT_KEY, Checkpoint
from airflow_provider_liveactivity.errors import InvalidPayload, PartiallySent

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity.delivery.checkpoint import Encryptor
    from airflow_provider_liveactivity.delivery.progress import Progress
    from airflow_provider_liveactivity.hooks._plan import Delivery, SendPlan

log = logging.getLogger(__name__)

#: Key of the sends of this attempt in the context.
_SENDS = "live_activity_sends"


class PartiallySentForgotten(PartiallySent, AirflowFailException):
    """A part was sent, and no retry would know of it: Airflow does not retry the task."""


def is_durable(context: Context) -> bool:
    """
    Return whether the running task keeps the state of a send: Airflow 3.3 and later has a task state store.

    :param context: context of the running task.
    """
    return context.get("task_state_store") is not None


def checkpoint_of(delivery: Delivery, plan: SendPlan, send_id: str) -> Checkpoint:
    """
    Return the checkpoint of a send; it survives a retry of the task on Airflow 3.3 and later.

    A task may send to several activities: each keeps its own state.

    :param delivery: how to deliver the plan; without a context the checkpoint keeps nothing.
    :param plan: the plan.
    :param send_id: hash of audience and payload.
    :raises InvalidPayload: if this attempt has started the same activity with another audience or payload: a
        retry could not tell which of the two was sent.
    """
    context = delivery.context
    if context is None:
        return Checkpoint()
    if not is_durable(context):
        log.warning(
            "Before Airflow 3.3 a task keeps nothing of a send. If the call fails after it has sent a "
            "part, the task does not retry. If something else fails, or the worker dies, a retry sends to "
            "all recipients again, unless the task has retries=0."
        )
        return Checkpoint()
    values: dict[str, Any] = cast("dict[str, Any]", context)
    key = checkpoint_key(plan.workspace.base_url, plan.verb, plan.activity_id)
    sends = values.setdefault(_SENDS, {})
    if plan.verb == "start" and sends.get(key, send_id) != send_id:
        raise InvalidPayload(
            f"this task has started {plan.activity_id} before, with another audience or payload. With "
            "context a task may start an activity once: give the whole audience to one call, or use two "
            "tasks."
        )
    sends[key] = send_id
    return Checkpoint(
        values["task_state_store"],
        _encryptor(),
        max_tries=context["ti"].max_tries,
        resend_after_clear=delivery.resend_after_clear,
        key=key,
    )


def checkpoint_key(base_url: str, verb: str, activity_id: str) -> str:
    """
    Return the key of a send's state in the task state store.

    :param base_url: scheme and host of the workspace.
    :param verb: start, update or end.
    :param activity_id: the vendor's name of the activity.
    """
    name = "\0".join((base_url, verb, activity_id))
    return f"{CHECKPOINT_KEY}_{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def progress_of(context: Context | None) -> Callable[[Progress], None]:
    """
    Return a function that logs the progress of a send and stores it in the task, where the UI shows it.

    :param context: context of the running task; None to log only.
    """
    store: Any = context.get("task_state_store") if context is not None else None

    def tell(progress: Progress) -> None:
        log.info("%s", progress)
        if store is not None:
            store.set(PROGRESS_KEY, progress.to_json())

    return tell


def _encryptor() -> Encryptor:
    from airflow.sdk.crypto import get_fernet

    return get_fernet()
