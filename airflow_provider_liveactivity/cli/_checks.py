"""Check an installation: Airflow, its triggerer, its keys and pools, and the connections to the vendors."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from airflow import __version__
from airflow.providers.common.compat.sdk import AirflowException, BaseHook, conf
from sqlalchemy.exc import SQLAlchemyError

from airflow_provider_liveactivity._airflow_internals import (
    AIRFLOW_V_3_3_PLUS,
    connection_ids,
    pools,
    triggerers,
)
from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airflow_provider_liveactivity.hooks._base import LiveActivityHook

Status = Literal["ok", "warning", "problem"]
HOOKS: dict[str, type[BrazeHook | MoEngageHook]] = {"braze": BrazeHook, "moengage": MoEngageHook}
_ENVIRONMENT = "AIRFLOW_CONN_"
#: Seconds by which a clock may differ. Below, the network delays ends by as much; above, ends are late.
_SKEW_WARNING, _SKEW_PROBLEM = 2, 30


@dataclass(frozen=True, slots=True)
class Check:
    """
    The result of a check.

    :param name: what was checked.
    :param status: "ok", "warning" or "problem".
    :param found: what was found, without any key.
    :param remedy: what to do; empty if nothing needs to be done.
    """

    name: str
    status: Status
    found: str
    remedy: str = ""


def check_installation() -> Iterator[Check]:
    """Yield the checks of Airflow itself."""
    yield _version()
    yield _fernet_key()
    try:
        yield _triggerer()
        yield from _pools()
    except SQLAlchemyError as error:
        yield Check(
            "database",
            "problem",
            f"Airflow's database cannot be read: {type(error).__name__}.",
            "Check [database] sql_alchemy_conn, and run: airflow db migrate.",
        )


def check_connections(conn_ids: Sequence[str]) -> Iterator[Check]:
    """
    Yield the checks of connections.

    :param conn_ids: ids of the connections; if empty, those to Braze and MoEngage that Airflow knows.
    """
    found = list(conn_ids) or known_connections()
    if not found:
        yield Check(
            "connections",
            "warning",
            "There is no connection of the type braze or moengage.",
            "Create one in Admin > Connections. If it is in a secrets backend, pass its id: doctor CONN_ID.",
        )
    for conn_id in found:
        yield from _connection(conn_id)


def known_connections() -> list[str]:
    """Return the ids of the vendors' connections in the environment and in Airflow's database."""
    names = (name.removeprefix(_ENVIRONMENT).lower() for name in os.environ if name.startswith(_ENVIRONMENT))
    in_environment = [name for name in sorted(names) if _type_of(name) in HOOKS]
    with suppress(SQLAlchemyError):  # the check of the database reports this error
        return list(dict.fromkeys([*in_environment, *connection_ids(list(HOOKS))]))
    return in_environment


def _version() -> Check:
    if AIRFLOW_V_3_3_PLUS:
        return Check("Airflow", "ok", f"Airflow {__version__} has everything that the provider can use.")
    return Check(
        "Airflow",
        "warning",
        f"Airflow {__version__} has no task state store: a start that has sent requests cannot be resumed, "
        "and the safety net cannot run.",
        "Use Airflow 3.3 or newer; docs/versions.md lists what each version lacks.",
    )


def _fernet_key() -> Check:
    if conf.get("core", "fernet_key", fallback=""):
        return Check("Fernet key", "ok", "Airflow has a Fernet key.")
    return Check(
        "Fernet key",
        "warning",
        "Airflow has no Fernet key: keys of connections and positions in audiences are stored unencrypted.",
        "Set [core] fernet_key, the same on all machines.",
    )


def _triggerer() -> Check:
    known = triggerers()
    alive = [host or "an unknown host" for host, _, is_alive in known if is_alive]
    if alive:
        return Check("triggerer", "ok", f"A triggerer runs on {', '.join(alive)}.")
    last = max((beat for _, beat, _ in known if beat is not None), default=None)
    seen = f" The last heartbeat of one was at {last.isoformat(timespec='seconds')}." if last else ""
    return Check(
        "triggerer",
        "problem",
        f"No triggerer runs: ends with an end_time, and sends that wait for quota, do not continue.{seen}",
        "Start one: airflow triggerer.",
    )


def _pools() -> Iterator[Check]:
    full = False
    for name, total, free, counts_deferred in pools():
        if counts_deferred:
            full = True
            yield Check(
                f"pool {name}",
                "warning",
                "The pool counts deferred tasks: each activity that waits for its end holds a slot.",
                "Do not use the pool for ends and sensors, or switch off Include Deferred in Admin > Pools.",
            )
        elif free <= 0:
            full = True
            yield Check(
                f"pool {name}",
                "warning",
                f"All {total:,.0f} slots are in use: an end that is due waits for a slot.",
                "Give the pool more slots in Admin > Pools, or give the ends a pool of their own.",
            )
    if not full:
        yield Check("pools", "ok", "Each pool has open slots.")


def _type_of(conn_id: str) -> str | None:
    try:
        return BaseHook.get_connection(conn_id).conn_type
    except Exception:  # noqa: BLE001  # another provider's connection, which need not be well-formed
        return None


def _connection(conn_id: str) -> Iterator[Check]:
    name = f"connection {conn_id}"
    try:
        conn_type = BaseHook.get_connection(conn_id).conn_type
    except AirflowException:
        yield Check(
            name, "problem", "Airflow has no connection with this id.", "Create it in Admin > Connections."
        )
        return
    if conn_type not in HOOKS:
        yield Check(
            name, "problem", f"Its type is {conn_type}.", f"Use a connection of type {' or '.join(HOOKS)}."
        )
        return
    hook = HOOKS[conn_type](conn_id)
    works, why = hook.test_connection()
    remedy = "" if works else "Correct the connection as the message says; see docs/connections.md."
    yield Check(name, "ok" if works else "problem", why, remedy)
    if works:
        yield _clock(conn_id, hook)


def _clock(conn_id: str, hook: LiveActivityHook) -> Check:
    name, skew = f"clock, {conn_id}", hook.clock_skew()
    if skew is None:
        return Check(name, "ok", f"{hook.url} does not say what time it is.")
    seconds = skew.total_seconds()
    if abs(seconds) <= _SKEW_WARNING:
        return Check(name, "ok", f"The clock agrees with {hook.url}, to the second.")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Check(
        name,
        "problem" if abs(seconds) > _SKEW_PROBLEM else "warning",
        f"This machine's clock says {now}, {abs(seconds):,.0f} s {'ahead of' if seconds > 0 else 'behind'} "
        f"{hook.url}: ends are early or late by that much.",
        "Synchronize the clock of this machine with NTP.",
    )
