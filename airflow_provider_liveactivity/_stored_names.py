"""Name what the provider stores in Airflow. Tasks write it; the board in the API server reads it."""

#: Prefix of the key of each Variable that is the record of an activity.
RECORD_PREFIX = "live_activity.on."
#: Key of the XCom with the report of a start that failed after it had sent some of its requests.
PARTIAL_REPORT = "partial_report"
#: Key of the progress of a send in the task state store (Airflow 3.3 and later).
PROGRESS_KEY = "live_activity_progress"
#: DAGs that the board starts.
END_NOW_DAG_ID = "live_activity_end_now"
UPDATE_NOW_DAG_ID = "live_activity_update_now"
