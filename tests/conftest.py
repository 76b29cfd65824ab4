"""What every test and every example in a docstring can rely on."""

import os
import random
import socket
import sys
from collections.abc import Iterator

import hypothesis
import matplotlib
import pytest

# No window opens. Not by MPLBACKEND: the kernels that run the notebooks would inherit it and show no chart.
matplotlib.use("Agg")

# "ci" draws the same cases every time, so that a red run is never bad luck. "search", the one for daily work,
# draws others every time, from a seed that is printed, so that it finds what "ci" does not. No deadline: that
# a machine is slow is no bug. HYPOTHESIS_PROFILE chooses.
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("search", deadline=None, print_blob=True)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "search")
hypothesis.settings.load_profile(PROFILE)


class Everywhere:
    """Fixtures for the doctests too, which a conftest's own fixtures do not reach."""

    @pytest.fixture(autouse=True)
    def no_figure_stays_open(self) -> Iterator[None]:
        """Close what a test drew: matplotlib warns of the twentieth, and warnings are errors."""
        yield
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            pyplot.close("all")

    @pytest.fixture(autouse=True)
    def nothing_leaves_the_machine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Refuse connections to other machines, and forget the AWS credentials of whoever runs the tests."""
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        connect = socket.socket.connect

        def connect_locally(self: socket.socket, address: object) -> None:
            if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
                raise AssertionError(f"a test tried to reach {address}")
            connect(self, address)

        monkeypatch.setattr(socket.socket, "connect", connect_locally)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the fixtures for all, and choose a seed while hypothesis has not read its option yet."""
    config.pluginmanager.register(Everywhere(), "lexgraph-everywhere")
    if PROFILE != "ci" and config.getoption("hypothesis_seed", None) is None:
        config.option.hypothesis_seed = str(random.randrange(2**32))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how to repeat this run's random cases."""
    if PROFILE == "ci":
        terminalreporter.write_line("Hypothesis drew the same cases as in every run (profile ci).")
    else:
        seed = config.getoption("hypothesis_seed")
        terminalreporter.write_line(f"Hypothesis draws the same cases again with --hypothesis-seed={seed}.")
