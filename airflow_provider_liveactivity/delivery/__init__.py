"""The delivery engine: send batches and count their outcomes, independently of Airflow."""
