"""``python -m airflow_provider_liveactivity``: run a command of the provider."""

import sys

from airflow_provider_liveactivity.cli.commands import main

if __name__ == "__main__":
    sys.exit(main())
