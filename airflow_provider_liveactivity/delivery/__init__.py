"""The delivery engine: batches in, a report out. It knows nothing of Airflow."""
