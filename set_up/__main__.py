"""Makes a fresh checkout ready: `python -m set_up runtime | tools | tests | example | lock`.

The Makefile calls this before every target, so a second call must cost milliseconds: each step
keeps a stamp and does nothing while the stamp is true. Only the standard library is imported here,
because the virtual environment does not exist yet.
"""

import sys

from set_up import (
    debian_packages,
    embedded_database,
    example_dashboard,
    locks,
    node_packages,
    php_versions,
    virtual_environment,
    wordpress_trees,
)
from set_up.steps import SetUpError, one_at_a_time, say


def prepare_runtime() -> None:
    """Makes ready what `make run` needs: no Node and no compiler."""
    virtual_environment.prepare(virtual_environment.RUNTIME_LOCK)
    embedded_database.prepare()


def prepare_tools() -> None:
    """Makes ready what `make lint` needs: every Python package and the npm packages."""
    virtual_environment.prepare(virtual_environment.TEST_LOCK)
    node_packages.prepare()


def prepare_tests() -> None:
    """Makes ready what the whole test suite needs, Debian's packages included."""
    prepare_tools()
    embedded_database.prepare()
    debian_packages.prepare()
    wordpress_trees.prepare()
    php_versions.prepare()
    example_dashboard.install()


def prepare_example() -> None:
    """Builds the dashboard of examples/react."""
    if not node_packages.system_has_node():
        virtual_environment.prepare(virtual_environment.TEST_LOCK)  # it brings a Node along
    example_dashboard.build()
    say("the dashboard is built; the next start of `make run` serves it and prints where")


STEPS = {
    "runtime": prepare_runtime,
    "tools": prepare_tools,
    "tests": prepare_tests,
    "example": prepare_example,
    "lock": locks.write,
}


def main() -> int:
    """Runs the step that the command line names.

    Returns:
        The exit status: 0 when everything is in place, 1 with the reason on standard error.
    """
    try:
        with one_at_a_time():
            STEPS[sys.argv[1]]()
    except SetUpError as error:
        print(f"\nset-up stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nset-up interrupted; the next call goes on from here", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
