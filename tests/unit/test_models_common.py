"""Dates and JSON objects as users give them: read exactly, or refused with advice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models import braze
from airflow_provider_liveactivity.models.arguments import parse_duration, parse_moment, parse_object
from airflow_provider_liveactivity.models.common import (
    BrazeDate,
    EpochSeconds,
    JsonObject,
    VendorModel,
    encode,
)
from airflow_provider_liveactivity.models.moments import in_words, to_moment

NOW = datetime(2026, 7, 22, 12, 0, tzinfo=UTC)
MOMENT = datetime(2026, 7, 22, 16, 30, tzinfo=UTC)
offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(timezones=offsets)


class Dates(VendorModel):
    braze: BrazeDate | None = None
    moengage: EpochSeconds | None = None


class Box(VendorModel):
    state: JsonObject


def state(value: Any) -> Any:
    return Box.build(state=value).to_json()["state"]


def refusal(value: Any) -> str:
    with pytest.raises(InvalidPayload) as refused:
        state(value)
    return str(refused.value)


@pytest.mark.parametrize(
    "value",
    [
        MOMENT,
        MOMENT.astimezone(timezone(timedelta(hours=5, minutes=45))),
        pendulum.datetime(2026, 7, 22, 18, 30, tz="Europe/Berlin"),
        timedelta(hours=4, minutes=30),
        pendulum.duration(hours=4, minutes=30),
        "PT4H30M",
        " +PT270M ",
        "2026-07-22T16:30:00+00:00",
        "2026-07-22T16:30:00Z",
        "2026-07-22 18:30:00+02:00",  # what a template makes of a datetime
        " 2026-07-22T12:30:00.000-0400\n",
    ],
)
def test_a_moment_is_the_same_in_every_form(value: Any) -> None:
    assert to_moment(value, now=NOW) == MOMENT
    assert to_moment(value, now=NOW).tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (datetime(2026, 7, 22, 16, 30), "has no UTC offset"),  # noqa: DTZ001
        ("2026-07-22T16:30:00", "has no UTC offset"),
        ("2026-07-22", "has no UTC offset"),
        ("22.07.2026 16:30", "is not an ISO-8601 date-time"),
        ("P", "must be a timedelta, seconds or ISO-8601 text"),
        ("P1M", "has years or months"),
        ("", "is not an ISO-8601 date-time"),
        ("now", "is not an ISO-8601 date-time"),
        (1_784_737_800, "not int"),
        (MOMENT.date(), "not date"),
        (True, "not bool"),
        (timedelta.max, "outside the years 1 to 9999"),
        (datetime.max.replace(tzinfo=timezone(-timedelta(hours=1))), "outside the years 1 to 9999"),
    ],
)
def test_what_is_no_moment_is_refused_with_what_would_be(value: Any, advice: str) -> None:
    with pytest.raises(InvalidPayload, match=f"^braze .*{advice}"):
        Dates.build(braze=value)


def test_a_distance_in_time_is_refused_where_it_would_never_come() -> None:
    for value in (timedelta(hours=1), "PT1H", "-PT1H"):
        with pytest.raises(ValueError, match="not a duration"):
            to_moment(value, relative=False)


def test_a_moment_may_lie_before_the_sending() -> None:
    assert (
        to_moment("-PT5M", now=NOW) == to_moment(timedelta(minutes=-5), now=NOW) == NOW - timedelta(minutes=5)
    )


@pytest.mark.parametrize("parts", [{"minutes": -10}, {"seconds": -5.5}, {"days": -1, "hours": -2}])
def test_a_negative_duration_of_pendulum_lies_as_far_back_as_a_timedelta(parts: dict[str, float]) -> None:
    assert to_moment(pendulum.duration(**parts), now=NOW) == NOW + timedelta(**parts)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (timedelta(seconds=90), 90),
        (pendulum.duration(minutes=1, seconds=30), 90),
        (pendulum.datetime(2026, 3, 1) - pendulum.datetime(2026, 1, 1), 59 * 86_400),  # two months, known
        (0, 0),
        (1.5, 1.5),
        ("20", 20),
        (" 0.5 ", 0.5),
        ("PT30M", 1_800),
        ("P1DT2H3M4.5S", 93_784.5),
        ("PT1.5H", 5_400),
        ("P2W", 1_209_600),
    ],
)
def test_a_duration_has_the_same_length_in_every_form(value: Any, seconds: float) -> None:
    duration = parse_duration(value, "lead_time")
    assert duration == timedelta(seconds=seconds)
    assert type(duration) is timedelta


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ("30 minutes", "must be a timedelta, seconds or ISO-8601 text"),
        ("0:30:00", "must be a timedelta, seconds or ISO-8601 text"),
        ("pt30m", "must be a timedelta"),
        ("PT", "must be a timedelta"),
        ("PT30", "must be a timedelta"),
        ("PT1S0.5S", "must be a timedelta"),  # pendulum reads half a second
        ("PT1H1H", "must be a timedelta"),
        ("PT1M/2026-01-01", "must be a timedelta"),
        ("2026-01-01", "must be a timedelta"),
        ("PT99999999999H", "must be a timedelta"),  # pendulum makes another number of it
        ("", "must be a timedelta"),
        (None, "must be a timedelta"),
        (True, "must be a timedelta"),
        (float("nan"), "must be a timedelta"),
        (1e300, "is longer than"),
        ("P1Y", "has years or months, whose length varies"),
        ("P2M", "has years or months, whose length varies"),
        (pendulum.duration(months=1), "has years or months, whose length varies"),
        (-1, "must not be negative"),
        ("-PT5M", "must not be negative"),
        (timedelta(seconds=-1), "must not be negative"),
    ],
)
def test_what_is_no_duration_is_refused_by_its_argument(value: Any, advice: str) -> None:
    with pytest.raises(InvalidPayload, match=f"^lead_time {advice}"):
        parse_duration(value, "lead_time")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "1 second"), (59.6, "1 minute"), (3_900, "1 hour 5 minutes"), (90_000, "1 day 1 hour")],
)
def test_a_duration_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_an_error_names_the_argument() -> None:
    with pytest.raises(InvalidPayload, match=r"^stale_date has no UTC offset"):
        parse_moment("2026-07-22T16:30:00", "stale_date")
    with pytest.raises(InvalidPayload, match=r"^alert must be an object"):
        parse_object([], "alert")


@given(moments)
def test_a_date_for_braze_has_its_only_documented_form(moment: datetime) -> None:
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        with pytest.raises(InvalidPayload, match="outside the years"):
            Dates.build(braze=moment)
        return
    sent = Dates.build(braze=moment).to_json()["braze"]
    assert len(sent) == len("2024-01-22T16:55:49+0000")
    assert datetime.strptime(sent, "%Y-%m-%dT%H:%M:%S%z") == utc.replace(microsecond=0)


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(9999, 1, 1), timezones=offsets))  # noqa: DTZ001
def test_a_date_for_moengage_is_whole_seconds_of_the_epoch(moment: datetime) -> None:
    sent = Dates.build(moengage=moment).to_json()["moengage"]
    assert type(sent) is int
    assert datetime.fromtimestamp(sent, UTC) == moment.replace(microsecond=0)


@given(moments)
def test_text_and_datetime_mean_the_same_moment(moment: datetime) -> None:
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return
    assert to_moment(moment.isoformat()) == to_moment(moment) == moment


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda items: st.lists(items, max_size=3) | st.dictionaries(st.text(), items, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), json_values))
def test_an_object_and_its_json_text_are_sent_alike(value: dict[str, Any]) -> None:
    assert encode(state(value)) == encode(state(json.dumps(value)))
    assert json.loads(encode(state(value))) == value


def test_numbers_stay_numbers_and_null_stays_null() -> None:
    value = {"score": 0, "rate": 1.0, "over": False, "winner": None, "card": "1"}
    assert encode(state(value)) == b'{"score":0,"rate":1.0,"over":false,"winner":null,"card":"1"}'


class Score(BaseModel):
    """What a user's app shows; the alias is the app's name of the field."""

    home: int
    best_player: Annotated[str | None, Field(alias="bestPlayer")] = None
    since: date | None = None


@dataclass
class Match:
    teams: tuple[str, str]
    score: Score | None = None
    kick_off: datetime | None = None


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (Score(home=1, bestPlayer="Ada"), {"home": 1, "bestPlayer": "Ada"}),
        (Score(home=1, since=date(2026, 7, 22)), {"home": 1, "since": "2026-07-22"}),
        (Match(("A", "B")), {"teams": ["A", "B"]}),
        (Match(("A", "B"), Score(home=0)), {"teams": ["A", "B"], "score": {"home": 0}}),
        (
            {"scores": [Score(home=1)], "match": Match(("A", "B"))},
            {"scores": [{"home": 1}], "match": {"teams": ["A", "B"]}},
        ),
        (MappingProxyType({"home": None}), {"home": None}),
    ],
)
def test_a_model_is_sent_as_its_json_without_fields_that_are_none(value: Any, sent: Any) -> None:
    assert state(value) == sent


def test_a_model_is_checked_like_a_dict() -> None:
    assert "holds a datetime at 'kick_off'" in refusal(Match(("A", "B"), kick_off=MOMENT))
    assert "not type" in refusal(Match)


class Squad(BaseModel):
    numbers: set[str]


@pytest.mark.parametrize("value", [Squad(numbers={"9"}), {"a": [Squad(numbers={"9"})]}])
def test_a_set_in_a_model_is_refused_because_a_retry_would_be_another_send(value: Any) -> None:
    assert "holds a set, which has another order on a retry; give a list" in refusal(value)


def test_a_model_that_the_user_makes_has_no_duration_because_each_attempt_would_count_it_anew() -> None:
    alert = {"body": "1:0"}
    with pytest.raises(ValueError, match="must be a moment, not a duration"):
        braze.Notification(alert=alert, expiry="PT30M")
    body = braze.UpdateLiveActivity.build(
        now=NOW,
        app_id="a",
        activity_id="b",
        content_state={},
        notification={"alert": alert, "expiry": "PT30M"},
    )
    assert body.notification is not None
    assert body.notification.expiry == NOW + timedelta(minutes=30)


def test_our_own_models_are_values() -> None:
    alert = braze.Alert(title="Goal", body="1:0")
    body = braze.UpdateLiveActivity.build(
        app_id="a", activity_id="b", content_state={}, notification=braze.Notification(alert=alert)
    )
    assert body.to_json()["notification"] == {"alert": {"title": "Goal", "body": "1:0"}}
    same = braze.UpdateLiveActivity.build(
        app_id="a", activity_id="b", content_state={}, notification={"alert": alert}
    )
    assert same == body


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ({"a": float("nan")}, "holds nan at 'a'"),
        ({"a": [1, {"b": float("inf")}]}, r"holds inf at 'a\[1\].b'"),
        ('{"a": NaN}', "holds NaN"),
        ('{"a": -Infinity}', "holds -Infinity"),
        ('{"a": 1e999}', "holds inf at 'a'"),
        ({"a": {1, 2}}, "holds set at 'a', which is not JSON"),
        ({"a": b"x"}, "holds bytes"),
        ({"a": Decimal(1)}, "holds Decimal"),
        ({"a": MOMENT}, "holds a datetime at 'a'"),
        ({"a": {1: "x"}}, "has a key at 'a' that is int"),
        ({"a": "\ud800"}, "lone surrogate"),
        ('{"a": "\\ud800"}', "lone surrogate"),
        ({"\ud800": 1}, "lone surrogate"),
        ({"a": 10**400}, "larger than 64 bits"),
        ("{'a': 1}", "is text that is not JSON .* tojson"),
        ('{"a": 1', "is text that is not JSON"),
        ("", "is text that is not JSON"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
        ("[1]", "must be an object .*, not list"),
        ("null", "must be an object .*, not NoneType"),
        ([("a", 1)], "must be an object .*, not list"),
    ],
)
def test_what_json_cannot_carry_is_refused_by_its_place(value: Any, advice: str) -> None:
    with pytest.raises(InvalidPayload, match=f"^state .*{advice}"):
        state(value)


def test_an_object_that_holds_itself_is_refused() -> None:
    value: dict[str, Any] = {}
    value["me"] = value
    assert "contains itself" in refusal(value)


@pytest.mark.parametrize(
    "value", ['{"secret": hunter2}', {"pin": {"hunter2"}}, {"pin": b"hunter2"}, "hunter2"]
)
def test_a_refusal_does_not_repeat_the_content(value: Any) -> None:
    assert "hunter2" not in refusal(value)


def test_a_refusal_names_every_wrong_field_at_once() -> None:
    class Two(VendorModel):
        name: Annotated[str, "text"]
        age: int

    with pytest.raises(
        InvalidPayload, match=r"^name is required; age: .*; nme is not a field of this request\.$"
    ):
        Two.build(age="x", nme="x")


def test_what_is_sent_is_compact_and_keeps_its_letters() -> None:
    assert encode({"city": "Zürich", "to": [1, 2]}) == '{"city":"Zürich","to":[1,2]}'.encode()
