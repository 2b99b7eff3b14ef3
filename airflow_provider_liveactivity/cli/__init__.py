"""
The commands of the provider.

Each command is a module of its own. The first line of its docstring is its help. It has two functions:

- ``add_arguments(parser: argparse.ArgumentParser) -> None`` adds the arguments of the command.
- ``run(arguments: argparse.Namespace) -> int`` carries out the command and returns the exit code.

At the top, the module imports nothing but the standard library: each ``airflow`` command imports it.
"""
