"""Rows are activities: compare a query with the state table, and send what differs. Without Airflow."""
