"""Describe the tasks of a lifecycle, for the details of each task in Airflow's UI (``doc_md``)."""

START = """
Starts the Live Activity on the phones of the audience, and records its end time.
"""
STARTED = """
An empty task through which `end_early` learns whether the start failed.
"""
UPDATE = """
Sends a new state to the phones that show the activity. An update after the end is dropped.
"""
END_TIME = """ Waits for the end of the activity without a worker slot, and reads an end from SQL again,
because the end may change.
"""
END = """
Ends the activity exactly at its end time, with the last state that was sent.
"""
END_EARLY = """
Ends the activity at once if the start or a task of the block fails.

**Skipped is the normal state: nothing has failed.**
"""
OUTCOME = """
An empty task that fails the DAG run if any task of the lifecycle has failed.
"""
