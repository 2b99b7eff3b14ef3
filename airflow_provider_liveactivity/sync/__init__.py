"""Compare the rows of a query with the state table, and send the differences, without Airflow."""
