"""What the tasks of a lifecycle do, for the details of each task in Airflow's UI (``doc_md``)."""

START = """
Starts the Live Activity on the phones of the audience, and records its end time.
"""
STARTED = """
An empty task that stands for the start: `end_early` watches the start through it.
"""
UPDATE = """
Sends a new state to the phones that show the activity. After the end the update is dropped.
"""
END_TIME = """
Waits for the end of the activity without a worker slot, and reads an end from SQL again if it may move.
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
