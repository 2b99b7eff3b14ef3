"""Settings that can be changed while the sandbox runs."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """
    The settings of the sandbox; the defaults are the strictest reading of the vendors' documents.

    :param braze_key: REST API key that is accepted.
    :param braze_app_ids: app identifiers of the workspace; any other is refused.
    :param braze_permissions: permissions of the key; a missing one is answered with 403.
    :param braze_limit: requests in one quota window; all Braze endpoints share it.
    :param braze_window: length of the quota window in seconds, aligned to the clock; 3600 is a clock hour.
    :param braze_limit_on: respond with 429 when the limit is reached.
    :param moengage_workspace: workspace ID, sent as Basic user and as ``X-MOE-APPKEY``.
    :param moengage_push_key: key of the Push tile.
    :param moengage_campaign_key: key of the Campaign tile.
    :param moengage_data_key: key of the Data tile.
    :param moengage_inform_key: key of the Inform tile.
    :param moengage_starts_per_minute: starts a minute in the workspace.
    :param moengage_pushes_per_minute: updates and ends a minute in the workspace.
    :param moengage_pushes_per_activity: updates and ends a minute for one activity.
    :param moengage_limits_on: respond with 429 when one of these limits is reached.
    :param moengage_activity_header: refuse update and end without ``X-Broadcast-Live-Activity-Id``.
    :param moengage_past_dismissal: refuse a past ``dismissal_date``; by default it ends the activity at once.
        The pages contradict each other.
    :param moengage_max_instances: instances that one activity may have, running or ended.
    :param moengage_campaigns_per_minute: campaigns that may be created in a minute.
    :param moengage_campaigns_per_hour: campaigns that may be created in an hour.
    :param moengage_campaigns_per_day: campaigns that may be created in a day.
    :param moengage_channel_id: include the channel id in the response to a created campaign.
    :param moengage_filter_ids: ids that a segment's filter may name.
    :param moengage_max_segments: active segments in the workspace.
    :param moengage_alerts: ids and reference names of alerts; with an empty list every alert exists.
    :param moengage_alerts_per_minute: alerts a minute in the workspace.
    :param moengage_duplicate_seconds: seconds in which a repeated transaction_id is refused as a duplicate.
    :param moengage_duplicates_by_type: whether start, update and end of a transaction_id count separately.
    :param moengage_recipient_required: refuse alerts without a push token.
    :param moengage_invalid_recipients: users that no alert can reach.
    :param moengage_enabled: whether Live Activities are enabled in the workspace.
    :param moengage_p8: whether a ``.p8`` key was uploaded.
    :param known_users_only: whether only users of a registered segment have a phone; if not, all users have
        one.
    :param invented_users: users that the sandbox invents for a segment or campaign that was not registered;
        with 0 it refuses such an audience. The command line sets 20 unless it is told to be strict.
    :param latency: seconds between carrying out a request and responding.
    :param keep_requests: number of latest requests whose headers and body are kept.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    braze_key: str = "sandbox-braze-key"
    braze_app_ids: list[str] = ["sandbox-app"]
    braze_permissions: list[str] = [
        "messages.live_activity.start",
        "messages.live_activity.update",
        "segments.list",
        "segments.details",
    ]
    braze_limit: int = Field(default=250_000, ge=0)
    braze_window: int = Field(default=3600, ge=1)
    braze_limit_on: bool = True

    moengage_workspace: str = "SANDBOX"
    moengage_push_key: str = "sandbox-push-key"
    moengage_campaign_key: str = "sandbox-campaign-key"
    moengage_data_key: str = "sandbox-data-key"
    moengage_inform_key: str = "sandbox-inform-key"
    moengage_starts_per_minute: int = Field(default=5, ge=0)
    moengage_pushes_per_minute: int = Field(default=500, ge=0)
    moengage_pushes_per_activity: int = Field(default=5, ge=0)
    moengage_limits_on: bool = True
    moengage_activity_header: bool = True
    moengage_past_dismissal: bool = False
    moengage_max_instances: int = Field(default=10, ge=1)
    moengage_campaigns_per_minute: int = Field(default=5, ge=0)
    moengage_campaigns_per_hour: int = Field(default=25, ge=0)
    moengage_campaigns_per_day: int = Field(default=100, ge=0)
    moengage_channel_id: bool = False
    moengage_filter_ids: int = Field(default=65_536, ge=0)
    moengage_max_segments: int = Field(default=1000, ge=0)
    moengage_alerts: list[str] = []
    moengage_alerts_per_minute: int = Field(default=10_000, ge=0)
    moengage_duplicate_seconds: int = Field(default=300, ge=0)
    moengage_duplicates_by_type: bool = False
    moengage_recipient_required: bool = False
    moengage_invalid_recipients: list[str] = []
    moengage_enabled: bool = True
    moengage_p8: bool = True

    known_users_only: bool = False
    invented_users: int = Field(default=0, ge=0)
    latency: float = Field(default=0.0, ge=0)
    keep_requests: int = Field(default=5_000, ge=0)

    def changed(self, changes: dict[str, object]) -> Settings:
        """
        Return a copy with some settings replaced and all validated.

        :param changes: names and new values.
        :raises pydantic.ValidationError: for an unknown name or a wrong type.
        """
        return Settings.model_validate({**self.model_dump(), **changes})
