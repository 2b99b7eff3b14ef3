"""Describe the provider to Airflow. Every Airflow process imports this module, so it imports nothing."""

#: Braze's instances and the host of each one's REST endpoint: https://www.braze.com/docs/api/basics
_INSTANCES = {
    "US-01": "rest.iad-01.braze.com",
    "US-02": "rest.iad-02.braze.com",
    "US-03": "rest.iad-03.braze.com",
    "US-04": "rest.iad-04.braze.com",
    "US-05": "rest.iad-05.braze.com",
    "US-06": "rest.iad-06.braze.com",
    "US-07": "rest.iad-07.braze.com",
    "US-08": "rest.iad-08.braze.com",
    "US-10": "rest.us-10.braze.com",
    "EU-01": "rest.fra-01.braze.eu",
    "EU-02": "rest.fra-02.braze.eu",
    "AU-01": "rest.au-01.braze.com",
    "ID-01": "rest.id-01.braze.com",
    "JP-01": "rest.jp-01.braze.com",
    "KR-01": "rest.kr-01.braze.com",
}


def get_provider_info() -> dict[str, object]:
    """Return the provider's metadata, in the form of Airflow's ``provider_info.schema.json``."""
    return {
        "package-name": "airflow-provider-liveactivity",
        "name": "Live Activities",
        "description": "Start, update and end iOS Live Activities through Braze and MoEngage.",
        "integrations": [
            {
                "integration-name": "Live Activities",
                "external-doc-url": "https://developer.apple.com/documentation/activitykit",
                "tags": ["service"],
            },
            {
                "integration-name": "Braze",
                "external-doc-url": "https://www.braze.com/docs/developer_guide/live_notifications/live_activities",
                "tags": ["service"],
            },
            {
                "integration-name": "MoEngage",
                "external-doc-url": "https://www.moengage.com/docs/",
                "tags": ["service"],
            },
        ],
        "operators": [
            {
                "integration-name": "Live Activities",
                "python-modules": ["airflow_provider_liveactivity.operators.overdue"],
            },
            {
                "integration-name": "Braze",
                "python-modules": [
                    "airflow_provider_liveactivity.operators.braze",
                    "airflow_provider_liveactivity.operators.sync",
                ],
            },
            {
                "integration-name": "MoEngage",
                "python-modules": ["airflow_provider_liveactivity.operators.moengage"],
            },
        ],
        "sensors": [
            {
                "integration-name": "Live Activities",
                "python-modules": ["airflow_provider_liveactivity.sensors.end_time"],
            },
        ],
        "hooks": [
            {
                "integration-name": "Braze",
                "python-modules": ["airflow_provider_liveactivity.hooks.braze"],
            },
            {
                "integration-name": "MoEngage",
                "python-modules": ["airflow_provider_liveactivity.hooks.moengage"],
            },
        ],
        "extra-links": [
            "airflow_provider_liveactivity.links.BrazeActivityLogLink",
            "airflow_provider_liveactivity.links.MoEngageCampaignsLink",
            "airflow_provider_liveactivity.links.SandboxLink",
        ],
        "notifications": [
            "airflow_provider_liveactivity.notifications.braze.BrazeLiveActivityNotifier",
            "airflow_provider_liveactivity.notifications.moengage.MoEngageBroadcastNotifier",
        ],
        "task-decorators": [
            {
                "name": "braze_live_activity_start",
                "class-name": "airflow_provider_liveactivity.decorators.braze.start_task",
            },
            {
                "name": "braze_live_activity_update",
                "class-name": "airflow_provider_liveactivity.decorators.braze.update_task",
            },
            {
                "name": "braze_live_activity_end",
                "class-name": "airflow_provider_liveactivity.decorators.braze.end_task",
            },
            {
                "name": "moengage_broadcast_live_activity_start",
                "class-name": "airflow_provider_liveactivity.decorators.moengage.start_task",
            },
            {
                "name": "moengage_broadcast_live_activity_update",
                "class-name": "airflow_provider_liveactivity.decorators.moengage.update_task",
            },
            {
                "name": "moengage_broadcast_live_activity_end",
                "class-name": "airflow_provider_liveactivity.decorators.moengage.end_task",
            },
        ],
        "asset-uris": [
            {
                "schemes": ["braze"],
                "handler": "airflow_provider_liveactivity.assets.sanitize_uri",
                "factory": "airflow_provider_liveactivity.assets.braze_activity",
                "to_openlineage_converter": "airflow_provider_liveactivity.assets.to_openlineage_dataset",
            },
            {
                "schemes": ["moengage"],
                "handler": "airflow_provider_liveactivity.assets.sanitize_uri",
                "factory": "airflow_provider_liveactivity.assets.moengage_activity",
                "to_openlineage_converter": "airflow_provider_liveactivity.assets.to_openlineage_dataset",
            },
        ],
        # Airflow 3.1 ignores the key.
        "cli": ["airflow_provider_liveactivity.cli.definition.get_liveactivity_cli_commands"],
        "connection-types": [
            {
                "connection-type": "braze",
                "hook-class-name": "airflow_provider_liveactivity.hooks.braze.BrazeHook",
                "hook-name": "Braze",
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "login"],
                    "relabeling": {"host": "Instance or REST endpoint", "password": "REST API key"},
                    "placeholders": {
                        "host": "the instance: US-01 if your dashboard is dashboard-01.braze.com",
                        # Without a port Airflow 3.3.2 refuses to test: github.com/apache/airflow/pull/73298
                        "port": "443, if the Test button is to work in Airflow 3.3",
                        "password": "from Settings > APIs and Identifiers > API Keys",
                    },
                },
                "conn-fields": {
                    "instance": {
                        "label": "Instance",
                        "description": "As in your dashboard's address: dashboard-01.braze.com is US-01, "
                        "dashboard-01.braze.eu is EU-01. It determines the REST endpoint.",
                        "schema": {
                            "type": ["string", "null"],
                            "enum": list(_INSTANCES),
                            "values_display": {name: f"{name} ({host})" for name, host in _INSTANCES.items()},
                        },
                    },
                    "app_id": {
                        "label": "App ID",
                        "description": "Identifier of the iOS app, used by operators without an app_id: from "
                        "Settings > APIs and Identifiers > App Identifiers.",
                        "schema": {"type": ["string", "null"]},
                    },
                    "connect_timeout": {
                        "label": "Connect time-out (s)",
                        "description": "How long to wait for a connection.",
                        "schema": {"type": ["number", "null"], "minimum": 0.1, "maximum": 600},
                    },
                    "read_timeout": {
                        "label": "Read time-out (s)",
                        "description": "How long to wait for an answer once a request is sent.",
                        "schema": {"type": ["number", "null"], "minimum": 0.1, "maximum": 600},
                    },
                },
            },
            {
                "connection-type": "moengage",
                "hook-class-name": "airflow_provider_liveactivity.hooks.moengage.MoEngageHook",
                "hook-name": "MoEngage",
                "ui-field-behaviour": {
                    "hidden-fields": ["schema"],
                    "relabeling": {"login": "Workspace ID", "password": "Push API key"},
                    "placeholders": {
                        "host": "the data center: 01 if your dashboard is dashboard-01.moengage.com",
                        "port": "443, if the Test button is to work in Airflow 3.3",
                        "login": "from Settings > Account > APIs",
                        "password": "from Settings > Account > APIs, tile Push",
                    },
                },
                "conn-fields": {
                    "data_center": {
                        "label": "Data center",
                        "description": "As in your dashboard's address: dashboard-01.moengage.com is 01.",
                        "schema": {
                            "type": ["string", "null"],
                            "enum": ["01", "02", "03", "04", "05", "06", "101"],
                            "values_display": {
                                "01": "01 (US)",
                                "02": "02 (EU)",
                                "03": "03 (India)",
                                "04": "04 (US)",
                                "05": "05 (Singapore)",
                                "06": "06 (Indonesia)",
                                "101": "101",
                            },
                        },
                    },
                    "campaign_api_key": {
                        "label": "Campaign API key",
                        "description": "Only for creating broadcast campaigns: from Settings > Account > "
                        "APIs, the tile that begins with Campaign report.",
                        "schema": {"type": ["string", "null"], "format": "password"},
                    },
                    "inform_api_key": {
                        "label": "Inform API key",
                        "description": "Only for activities of single users: from Settings > Account > APIs, "
                        "tile Inform.",
                        "schema": {"type": ["string", "null"], "format": "password"},
                    },
                    "data_api_key": {
                        "label": "Data API key",
                        "description": "Only for campaigns for more than 1,000 listed people: from Settings "
                        "> Account > APIs, tile Data.",
                        "schema": {"type": ["string", "null"], "format": "password"},
                    },
                    "connect_timeout": {
                        "label": "Connect time-out (s)",
                        "description": "How long to wait for a connection.",
                        "schema": {"type": ["number", "null"], "minimum": 0.1, "maximum": 600},
                    },
                    "read_timeout": {
                        "label": "Read time-out (s)",
                        "description": "How long to wait for an answer once a request is sent.",
                        "schema": {"type": ["number", "null"], "minimum": 0.1, "maximum": 600},
                    },
                },
            },
        ],
    }
