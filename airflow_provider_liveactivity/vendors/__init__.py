"""What a vendor is: pure functions from models to requests and from answers to errors. No I/O, no Airflow."""
