"""Build the audience of a MoEngage campaign, which consists of filters, from a user's arguments."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity._blank import blank_to_none
from airflow_provider_liveactivity.audience.base import check_audience
from airflow_provider_liveactivity.errors import InvalidPayload, PayloadTooLarge
from airflow_provider_liveactivity.hooks._audience_arguments import build_audience
from airflow_provider_liveactivity.hooks._plan import content_hash
from airflow_provider_liveactivity.models.moengage_campaign import (
    MAX_IDS_IN_CAMPAIGN,
    MAX_IDS_IN_SEGMENT,
    FilterSegment,
    by_ids,
    by_segment,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider_liveactivity.audience import Audience


@dataclass(frozen=True, slots=True)
class CampaignAudience:
    """
    The audience of a campaign.

    :param details: the campaign's ``segmentation_details``.
    :param segment_id: id of the saved segment in ``details``; None, the default, for none.
    :param segment: segment to create before the campaign, if the campaign cannot name so many recipients;
        None by default.
    :param named: the recipients, if they are named individually; None by default.
    :param people: number of recipients; 0, the default, if only MoEngage knows.
    """

    details: dict[str, Any] = field(repr=False)
    segment_id: str | None = None
    segment: FilterSegment | None = None
    named: Audience | None = None
    people: int = 0


def campaign_audience(segment_id: str | None, arguments: Mapping[str, Any]) -> CampaignAudience:
    """
    Return the only audience that the arguments name.

    :param segment_id: id of a saved segment; None or blank text for none.
    :param arguments: arguments of the call, with ``all_users``, ``filters``, ``max_audience`` and those of
        ``build_audience`` among them.
    :raises InvalidPayload: if there is not exactly one audience, or an id cannot be sent.
    :raises EmptyAudience: if a list or query has no recipients.
    :raises PayloadTooLarge: if there are more recipients than a filter can name.
    """
    all_users = arguments.get("all_users", False)
    if not isinstance(all_users, bool):  # any text is true, including "false"
        raise InvalidPayload("all_users must be True or False.")
    persons = build_audience(arguments)
    segment_id, filters = blank_to_none(segment_id), blank_to_none(arguments.get("filters"))
    if [persons is not None, segment_id is not None, all_users, filters is not None].count(True) != 1:
        raise InvalidPayload(
            "exactly one audience is needed: segment_id, all_users=True, filters, external_user_ids or sql."
        )
    if all_users:
        return CampaignAudience({"is_all_user_campaign": True})
    if segment_id is not None:
        return CampaignAudience(by_segment(segment_id), segment_id)
    if persons is None:
        return CampaignAudience({"included_filters": filters})
    ids = _ids(persons, arguments.get("max_audience"))
    if len(ids) <= MAX_IDS_IN_CAMPAIGN:
        return CampaignAudience(by_ids(ids), named=persons, people=len(ids))
    # The name is derived from the ids: the same recipients give the same segment, also in a retry.
    ids.sort()
    segment = FilterSegment.build(name=f"live-activity-{content_hash(ids)[:16]}", **by_ids(ids))
    return CampaignAudience(
        by_segment("made before the campaign"), segment=segment, named=persons, people=len(ids)
    )


def _ids(persons: Audience, max_audience: int | str | None) -> list[str]:
    total = check_audience(persons, max_audience=max_audience)
    if total is not None and total > MAX_IDS_IN_SEGMENT:
        raise PayloadTooLarge(
            f"the audience has {total:,} recipients, a filter can name {MAX_IDS_IN_SEGMENT:,}; make a "
            "file segment of them in MoEngage, and create the campaign with its segment_id."
        )
    batches = list(persons.batches(1_000))
    if any(batch.user_aliases for batch in batches):
        raise InvalidPayload("the query for a campaign must have one column, the user id.")
    return list(chain.from_iterable(batch.external_user_ids for batch in batches))
