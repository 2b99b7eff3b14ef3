"""Faults that a test or a user can plan."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Fault(NamedTuple):
    """
    What a fault does with a request.

    :param status: status of the response; None for no response.
    :param carried_out: whether the request takes effect anyway.
    :param manner: response in the vendor's form, a proxy's page, a closed connection, or no response.
    """

    status: int | None
    carried_out: bool = False
    manner: Literal["answer", "html", "drop", "hang"] = "answer"


FAULTS: dict[str, Fault] = {
    "429": Fault(429),
    "500": Fault(500),
    "502": Fault(502),
    "503": Fault(503),
    "504": Fault(504),
    "500_after": Fault(500, carried_out=True),
    "503_after": Fault(503, carried_out=True),
    "504_after": Fault(504, carried_out=True),
    "drop_before": Fault(None, manner="drop"),
    "drop_after": Fault(None, carried_out=True, manner="drop"),
    "hang": Fault(None, manner="hang"),
    "hang_after": Fault(None, carried_out=True, manner="hang"),
    "html": Fault(503, manner="html"),
}


def _known(name: str) -> str:
    if name not in FAULTS:
        raise ValueError(f"unknown fault, use one of {', '.join(FAULTS)}")
    return name


class PlannedFault(BaseModel):
    """
    A planned fault and the requests that it hits.

    :param fault: a name from ``FAULTS``.
    :param path: path of the requests; None for every vendor path.
    :param times: number of requests that it hits; None for all further ones.
    :param skip: number of matching requests that pass first.
    :param reset_in: for 429, seconds until the reset in the headers; None leaves the headers out.
    """

    model_config = ConfigDict(extra="forbid")

    fault: Annotated[str, AfterValidator(_known)]
    path: str | None = None
    times: int | None = Field(default=1, ge=1)
    skip: int = Field(default=0, ge=0)
    reset_in: float | None = 1.0


def next_fault(planned: list[PlannedFault], path: str) -> PlannedFault | None:
    """
    Return the fault that hits the next request to a path; None if there is none.

    The first fault that matches hits. If it still skips requests, the next fault that matches hits.

    :param planned: the planned faults; a used-up fault is removed.
    :param path: path of the request.
    """
    for fault in planned:
        if fault.path not in (None, path):
            continue
        if fault.skip:
            fault.skip -= 1
            continue
        if fault.times is not None:
            fault.times -= 1
            if not fault.times:
                planned.remove(fault)
        return fault
    return None
