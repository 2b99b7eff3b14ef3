"""
Make the DAGs behind the buttons *End now* and *Update…* of the board.

Put them into a file of your DAGs folder::

    from airflow_provider_liveactivity.actions import end_now_dag, update_now_dag

    end_now_dag()
    update_now_dag()

The board starts them through Airflow's public API, as the user who is logged in: Airflow decides who may
start them, and its audit log names the user. The API server sends nothing and needs no key.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import (
    DAG,
    AirflowFailException,
    AirflowSkipException,
    BaseHook,
    Param,
)

from airflow_provider_liveactivity._stored_names import END_NOW_DAG_ID, UPDATE_NOW_DAG_ID
from airflow_provider_liveactivity.operators.braze import (
    BrazeEndLiveActivityOperator,
    BrazeUpdateLiveActivityOperator,
)
from airflow_provider_liveactivity.operators.moengage import (
    MoEngageEndBroadcastLiveActivityOperator,
    MoEngageUpdateBroadcastLiveActivityOperator,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow.providers.common.compat.sdk import Context

_END_DOC = """
End one Live Activity on all phones, now. The button of the page *Live Activities* fills in the form.

The DAG run that started the activity sends no second end, and drops its later updates.
"""
_UPDATE_DOC = """
Send one update of a Live Activity to all phones, now. The button of the page *Live Activities* fills in the
form.
"""
#: A person waits for the result, so these tasks run before others when worker slots are scarce.
_SETTINGS: dict[str, Any] = {
    "retries": 3,
    "retry_delay": timedelta(seconds=5),
    "priority_weight": 1000,
    "weight_rule": "absolute",
}


def end_now_dag(*, conn_ids: Sequence[str] | None = None, **settings: Any) -> DAG:
    """
    Return the DAG ``live_activity_end_now``, which ends the activity of its form.

    :param conn_ids: the only connections that the DAG may use, as ids; None, the default, for all connections
        of the vendors' types.
    :param settings: further arguments of the DAG, such as ``access_control`` or ``tags``.
    """
    dismissal = Param(
        None,
        type=["null", "string"],
        title="Leaves the lock screen",
        description="A moment, or a duration such as PT30M. Empty: iOS keeps it up to 4 hours.",
    )
    with _dag(END_NOW_DAG_ID, _END_DOC, {"dismissal_date": dismissal}, conn_ids, settings) as dag:
        form: Callable[[str], Any] = dag.param  # Airflow does not render a field of the form: it is data
        BrazeEndLiveActivityOperator(
            task_id="braze",
            **_braze_target(form, conn_ids),
            content_state=form("content_state"),
            notification=form("alert"),
            dismissal_date=form("dismissal_date"),
        )
        MoEngageEndBroadcastLiveActivityOperator(
            task_id="moengage",
            **_moengage_target(form, conn_ids),
            content_state=form("content_state"),
            alert=form("alert"),
            dismissal_date=form("dismissal_date"),
        )
    return dag


def update_now_dag(*, conn_ids: Sequence[str] | None = None, **settings: Any) -> DAG:
    """
    Return the DAG ``live_activity_update_now``, which sends the state of its form.

    :param conn_ids: the only connections that the DAG may use, as ids; None, the default, for all connections
        of the vendors' types.
    :param settings: further arguments of the DAG, such as ``access_control`` or ``tags``.
    """
    with _dag(UPDATE_NOW_DAG_ID, _UPDATE_DOC, {}, conn_ids, settings) as dag:
        form: Callable[[str], Any] = dag.param  # Airflow does not render a field of the form: it is data
        BrazeUpdateLiveActivityOperator(
            task_id="braze",
            **_braze_target(form, conn_ids),
            content_state=form("content_state"),
            notification=form("alert"),
        )
        MoEngageUpdateBroadcastLiveActivityOperator(
            task_id="moengage",
            **_moengage_target(form, conn_ids),
            content_state=form("content_state"),
            alert=form("alert"),
        )
    return dag


def _dag(
    dag_id: str, doc: str, more: dict[str, Param], conn_ids: Sequence[str] | None, settings: dict[str, Any]
) -> DAG:
    if conn_ids is not None and not conn_ids:
        raise ValueError("conn_ids must contain at least one connection id, or be None for all connections.")
    allowed: Any = {"enum": list(conn_ids)} if conn_ids else {}
    params = {
        "vendor": Param(
            "braze",
            type="string",
            title="Vendor",
            enum=["braze", "moengage"],
            values_display={"braze": "Braze", "moengage": "MoEngage (broadcast)"},
        ),
        "conn_id": Param(
            conn_ids[0] if conn_ids else "braze_default",
            type="string",
            title="Connection",
            minLength=1,
            **allowed,
        ),
        "activity_id": Param(
            "", type="string", title="Activity", description="The id that it was started with."
        ),
        "start_id": Param(
            None,
            type=["null", "string"],
            title="Start",
            description="The start_id in the report of its start. If the activity was ended or started again "
            "since, nothing is sent. Empty: whichever start.",
        ),
        "content_state": Param(
            None,
            type=["null", "object"],
            title="State",
            description="The whole state to show. Empty, for an end: the last state that was sent.",
        ),
        "alert": Param(
            None,
            type=["null", "object"],
            title="Alert",
            description='Braze: empty, or {"alert": {"title": "…", "body": "…"}}. '
            'MoEngage: {"title": "…", "body": "…"}.',
        ),
        "app_id": Param(
            None, type=["null", "string"], title="App", description="Braze only. Empty: as in the connection."
        ),
        **more,
    }
    defaults: dict[str, Any] = {
        "is_paused_upon_creation": False,
        "max_active_runs": 64,
        "doc_md": doc,
        "tags": ["live-activity"],
        "default_args": _SETTINGS,
    }
    return DAG(dag_id, schedule=None, **{**defaults, **settings, "params": params})


def _braze_target(form: Callable[[str], Any], conn_ids: Sequence[str] | None) -> dict[str, Any]:
    return {
        "activity_id": form("activity_id"),
        "braze_conn_id": _connection_of("braze"),
        "app_id": form("app_id"),
        "pre_execute": _check("braze", form, conn_ids),
    }


def _moengage_target(form: Callable[[str], Any], conn_ids: Sequence[str] | None) -> dict[str, Any]:
    return {
        "broadcast_live_activity_id": form("activity_id"),
        "moengage_conn_id": _connection_of("moengage"),
        "pre_execute": _check("moengage", form, conn_ids),
    }


def _connection_of(vendor: str) -> str:
    """Return the template of the form's connection; the task of the other vendor must not open it."""
    # As form() does: params contain the form only with [core] dag_run_conf_overrides_params.
    conn_id, chosen = (
        f"(dag_run.conf or {{}}).get('{name}', params.{name})" for name in ("conn_id", "vendor")
    )
    return f"{{{{ {conn_id} if {chosen} == '{vendor}' else '{vendor}_default' }}}}"


def _check(
    vendor: str, form: Callable[[str], Any], conn_ids: Sequence[str] | None
) -> Callable[[Context], None]:
    """Return a hook that runs before a task. It skips or fails what must not be sent."""
    chosen_vendor, start_id = form("vendor"), form("start_id")

    def check(context: Context) -> None:
        if chosen_vendor.resolve(context) != vendor:  # a branch task before it would cost seconds
            raise AirflowSkipException(f"The activity is not one of {vendor}.")
        task: Any = context["task"]
        _check_connection(task.conn_id, vendor, conn_ids)
        wanted = start_id.resolve(context)
        if wanted is not None and task.read_start_id() != wanted:
            raise AirflowSkipException(
                f"The activity of start {wanted} was ended or started again in the meantime, so nothing is "
                "sent. Reload the board to see what is on."
            )

    return check


def _check_connection(conn_id: str, vendor: str, conn_ids: Sequence[str] | None) -> None:
    # Airflow does not check the form if [core] dag_run_conf_overrides_params is off.
    if conn_ids is not None and conn_id not in conn_ids:
        raise AirflowFailException(
            f"This DAG may not use the connection {conn_id!r}. It may use {', '.join(map(repr, conn_ids))}."
        )
    conn_type = BaseHook.get_connection(conn_id).conn_type
    if conn_type != vendor:
        raise AirflowFailException(
            f"The connection {conn_id!r} has the type {conn_type!r}; this task needs one of type {vendor!r}."
        )
