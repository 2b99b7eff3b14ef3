"""Send broadcasts within MoEngage's limits: five updates and ends per minute for an activity."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NotRequired, Self, cast

from airflow_provider_liveactivity.delivery.options import DeliveryOptions
from airflow_provider_liveactivity.delivery.report import SendCounts, SendReport
from airflow_provider_liveactivity.delivery.rolling_limit import RateLimit
from airflow_provider_liveactivity.errors import InvalidPayload, RateLimited
from airflow_provider_liveactivity.hooks._moengage_connection import MoEngageCalls
from airflow_provider_liveactivity.hooks._plan import Delivery, SendPlan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider_liveactivity.models.moengage import StartBroadcast, UpdateBroadcast
    from airflow_provider_liveactivity.vendors.base import Request

OnRate = Literal["wait", "coalesce", "fail"]

STARTS = (RateLimit("starts", 5),)
PUSHES = RateLimit("updates and ends", 500)


class BroadcastReport(SendReport):
    """
    A SendReport that also counts the updates that ``on_rate_limit="coalesce"`` replaced.

    :param coalesced: number of earlier updates that were held back and that this request replaces. Over all
        reports, requests and coalesced updates add up to the calls.
    """

    coalesced: NotRequired[int]


@dataclass(slots=True)
class _Held:
    """The latest update of an activity that is held back, and the number of updates that it replaces."""

    plan: SendPlan
    delivery: Delivery
    replaced: int = 0


class Broadcasts(MoEngageCalls):
    """Send every broadcast within MoEngage's limits."""

    _in_block = False

    @cached_property
    def _held(self) -> dict[str, _Held]:
        return {}

    def __enter__(self) -> Self:
        self._in_block = True
        return self

    def __exit__(self, kind: object, *exc_info: object) -> None:
        self._in_block = False
        if kind is None:
            self.flush()

    def flush(self) -> list[BroadcastReport]:
        """Send the updates that are held back, each as soon as the limits allow, and return their reports."""
        reports = []
        while self._held:
            activity_id, held = self._held.popitem()
            reports.append(self._send(held.plan, held.delivery, _pushes(activity_id), held.replaced))
        return reports

    def _broadcast(
        self,
        request: Request,
        body: StartBroadcast | UpdateBroadcast,
        arguments: Mapping[str, Any],
        on_rate_limit: OnRate = "wait",
        *,
        options: DeliveryOptions | None = None,
    ) -> BroadcastReport:
        activity_id = body.broadcast_live_activity_id
        plan = SendPlan.single(self.workspace, request, activity_id, body.push, warnings=body.warnings())
        if on_rate_limit not in {"wait", "coalesce", "fail"}:
            raise InvalidPayload("on_rate_limit must be 'wait', 'coalesce' or 'fail'.")
        if on_rate_limit == "coalesce" and not self._in_block:
            raise InvalidPayload(
                "on_rate_limit='coalesce' may hold an update back until the with block ends: use the hook "
                "in a with statement."
            )
        if arguments.get("validate_only", False):
            return _without_count(self._deliver(plan, validate_only=True))
        delivery = Delivery(
            options or DeliveryOptions(), possibly_sent_before=arguments.get("possibly_sent_before", False)
        )
        if request.verb == "start":
            return self._send(plan, delivery, STARTS)
        limits, held = _pushes(activity_id), self._held.pop(activity_id, None)
        replaced = held.replaced + 1 if held else 0
        if on_rate_limit == "wait":
            return self._send(plan, delivery, limits, replaced or None)
        until = self.rates.next_free_at(limits)
        if until is None:
            try:
                return self._send(plan, _at_once(delivery), limits, replaced)
            except RateLimited as error:  # other processes send to this activity too
                if on_rate_limit == "fail":
                    raise
                self.rates.block_until(
                    limits[-1], error.reset_at or self.rates.clock() + timedelta(minutes=1)
                )
        if on_rate_limit == "fail":
            raise RateLimited("MoEngage accepts only five updates and ends a minute.", reset_at=until)
        self._held[activity_id] = _Held(plan, delivery, replaced)
        return BroadcastReport(**self._report(plan, SendCounts(), recipients=1), coalesced=0)

    def _send(
        self, plan: SendPlan, delivery: Delivery, limits: tuple[RateLimit, ...], replaced: int | None = None
    ) -> BroadcastReport:
        waited = self.rates.acquire(limits)
        report = _without_count(self._deliver(plan, delivery))
        if replaced is not None:
            report["coalesced"] = replaced
        report["waited_seconds"] = round(report["waited_seconds"] + waited, 3)
        return report


def _without_count(report: SendReport) -> BroadcastReport:
    return cast("BroadcastReport", report)


def _pushes(activity_id: str) -> tuple[RateLimit, ...]:
    # MoEngage does not document whether updates and ends share a limit; one limit is the stricter reading.
    return (PUSHES, RateLimit(f"updates and ends of {activity_id}", 5))


def _at_once(delivery: Delivery) -> Delivery:
    """Return the delivery in which a 429 raises its error at once, without a wait."""
    return replace(delivery, options=replace(delivery.options, max_wait=0))
