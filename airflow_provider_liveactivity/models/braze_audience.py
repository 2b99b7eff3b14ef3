"""
Braze's connected audience object, the value of ``custom_audience``.

Source: https://www.braze.com/docs/api/objects_filters/connected_audience
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from airflow_provider_liveactivity.models.common import Text, VendorModel, braze_date
from airflow_provider_liveactivity.models.moments import to_moment

Comparison = Literal[
    "equals",
    "not_equal",
    "does_not_equal",  # in older Braze documentation, for booleans
    "matches_regex",
    "does_not_match_regex",
    "exists",
    "does_not_exist",
    "is_any_of",
    "is_none_of",
    "includes_value",
    "does_not_include_value",
    "greater_than",
    "greater_than_or_equal_to",
    "less_than",
    "less_than_or_equal_to",
    "less_than_x_days_ago",
    "greater_than_x_days_ago",
    "less_than_x_days_in_the_future",
    "greater_than_x_days_in_the_future",
    "after",
    "before",
]
SubscriptionStatus = Literal["opted_in", "subscribed", "unsubscribed"]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_texts(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, list) and bool(value) and all(map(_is_text, value)))


def _is_date(value: Any) -> bool:
    if not _is_text(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return True
    return False  # a date without a time


def _is_scalar(value: Any) -> bool:
    return _is_text(value) or isinstance(value, int | float)


def _is_scalar_or_list(value: Any) -> bool:
    return _is_scalar(value) or (isinstance(value, list) and bool(value) and all(map(_is_scalar, value)))


_TEXT = (_is_text, "text")
_NUMBER = (_is_number, "a number")
_DATE = (_is_date, "an ISO-8601 date-time")
_TEXTS = (_is_texts, "text or a list of texts")
_SCALAR = (_is_scalar, "text, a number or a boolean")
_SCALARS = (_is_scalar_or_list, "text, a number, a boolean or a list of them")

#: What each comparison takes as its value; None if any value or no value is allowed.
_VALUE_RULES: dict[str, tuple[Callable[[Any], bool], str] | None] = {
    "exists": None,
    "does_not_exist": None,
    "matches_regex": _TEXT,
    "does_not_match_regex": _TEXT,
    "is_any_of": _TEXTS,
    "is_none_of": _TEXTS,
    "includes_value": _SCALARS,
    "does_not_include_value": _SCALARS,
    "greater_than": _NUMBER,
    "greater_than_or_equal_to": _NUMBER,
    "less_than": _NUMBER,
    "less_than_or_equal_to": _NUMBER,
    "less_than_x_days_ago": _NUMBER,
    "greater_than_x_days_ago": _NUMBER,
    "less_than_x_days_in_the_future": _NUMBER,
    "greater_than_x_days_in_the_future": _NUMBER,
    "after": _DATE,
    "before": _DATE,
    "equals": _SCALAR,
    "not_equal": _SCALAR,
    "does_not_equal": _SCALAR,
}


class CustomAttribute(VendorModel):
    """A comparison with a custom attribute of the user."""

    custom_attribute_name: Text
    comparison: Comparison
    value: Annotated[Any, Field(repr=False)] = None  # it may identify a person, such as an e-mail address

    @model_validator(mode="after")
    def _value_fits_comparison(self) -> Self:
        rule = _VALUE_RULES[self.comparison]
        if rule is None:
            return self
        fits, wanted = rule
        if self.value is None or not fits(self.value):
            raise ValueError(f"value must be {wanted} with the comparison {self.comparison!r}")
        return self


class SubscriptionComparison(VendorModel):
    """A comparison with the status of a subscription."""

    comparison: Literal["is", "is_not"]
    value: SubscriptionStatus


def _date_text(value: str) -> str:
    if not _is_date(value):
        raise ValueError("is not an ISO-8601 date-time; write it like 2026-07-22T18:30:00+00:00")
    if datetime.fromisoformat(value).utcoffset() is None:
        return value  # Braze's documentation does not name the offset of such a value
    return braze_date(to_moment(value))


class LastUsedAppComparison(VendorModel):
    """A comparison with the time at which the user last used the app."""

    comparison: Literal["after", "before"]
    value: Annotated[Text, AfterValidator(_date_text)]


class CustomAttributeFilter(VendorModel):
    """Filter on a custom attribute."""

    custom_attribute: CustomAttribute


class PushSubscriptionFilter(VendorModel):
    """Filter on the push subscription. Users who opt out of push do not opt out of Live Activities."""

    push_subscription_status: SubscriptionComparison


class EmailSubscriptionFilter(VendorModel):
    """Filter on the email subscription."""

    email_subscription_status: SubscriptionComparison


class LastUsedAppFilter(VendorModel):
    """Filter on the last use of the app."""

    last_used_app: LastUsedAppComparison


class And(VendorModel):
    """Users who match every member."""

    all_of: Annotated[list[ConnectedAudience], Field(alias="AND", min_length=1)]


class Or(VendorModel):
    """Users who match at least one member."""

    any_of: Annotated[list[ConnectedAudience], Field(alias="OR", min_length=1)]


def _kind(value: Any) -> str | None:
    """Return the only key of a filter, so that an error names only this kind of filter."""
    if isinstance(value, VendorModel):
        value = value.to_json()
    return f"({next(iter(value))})" if isinstance(value, dict) and len(value) == 1 else None


ConnectedAudience = Annotated[
    Annotated[And, Tag("(AND)")]
    | Annotated[Or, Tag("(OR)")]
    | Annotated[CustomAttributeFilter, Tag("(custom_attribute)")]
    | Annotated[PushSubscriptionFilter, Tag("(push_subscription_status)")]
    | Annotated[EmailSubscriptionFilter, Tag("(email_subscription_status)")]
    | Annotated[LastUsedAppFilter, Tag("(last_used_app)")],
    Discriminator(
        _kind,
        custom_error_type="audience_kind",
        custom_error_message=(
            "must be an object with exactly one key: AND, OR, custom_attribute, push_subscription_status, "
            "email_subscription_status or last_used_app"
        ),
    ),
]

And.model_rebuild()
Or.model_rebuild()
