"""What Airflow is told about this provider. Every Airflow process reads it, so nothing is imported."""


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
                "integration-name": "Braze",
                "python-modules": ["airflow_provider_liveactivity.operators.braze"],
            },
            {
                "integration-name": "MoEngage",
                "python-modules": [
                    "airflow_provider_liveactivity.operators.moengage",
                    "airflow_provider_liveactivity.operators.moengage_campaign",
                    "airflow_provider_liveactivity.operators.moengage_users",
                ],
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
        "connection-types": [
            {
                "connection-type": "braze",
                "hook-class-name": "airflow_provider_liveactivity.hooks.braze.BrazeHook",
                "hook-name": "Braze",
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "login", "port"],
                    "relabeling": {"host": "REST endpoint", "password": "REST API key"},
                    "placeholders": {"host": "https://rest.iad-01.braze.com"},
                },
                "conn-fields": {
                    "app_id": {
                        "label": "App ID",
                        "description": "App identifier that operators use when they name none.",
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
                    "hidden-fields": ["schema", "port"],
                    "relabeling": {"login": "Workspace ID", "password": "Push API key"},
                    "placeholders": {"host": "leave empty to use the data center's host"},
                },
                "conn-fields": {
                    "data_center": {
                        "label": "Data center",
                        "description": "As in the dashboard's address: dashboard-01.moengage.com is 01.",
                        "schema": {
                            "type": ["string", "null"],
                            "enum": ["01", "02", "03", "04", "05", "06", "101"],
                        },
                    },
                    "campaign_api_key": {
                        "label": "Campaign API key",
                        "description": "Only for creating broadcast campaigns.",
                        "schema": {"type": ["string", "null"], "format": "password"},
                    },
                    "inform_api_key": {
                        "label": "Inform API key",
                        "description": "Only for activities of single users.",
                        "schema": {"type": ["string", "null"], "format": "password"},
                    },
                    "data_api_key": {
                        "label": "Data API key",
                        "description": "Only for campaigns for more than 1,000 listed people.",
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
