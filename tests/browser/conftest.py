"""A JupyterLab server for all browser tests, started as a person starts it, and a page of Chromium for each.

`make browser` runs them. LEXGRAPH_LAB is the command that starts the server (`make lab`), LEXGRAPH_BROWSER the path of
Chromium where it is not found by itself, LEXGRAPH_SCREENSHOTS a folder to keep the screenshots in.
"""

import contextlib
import json
import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
ON = "127.0.0.1"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
# Seen once: JupyterLab could not read the frame of a message ("stream.stderr" is not valid JSON). The widgets write to
# no stream and frame no messages.
NOT_OURS = "Kernel message validation error"
expect.set_options(timeout=30_000)


@dataclass
class Lab:
    """A running JupyterLab: where it answers, and the folder it serves."""

    port: int
    token: str
    folder: Path

    def address(self, path: str) -> str:
        return f"http://{ON}:{self.port}/{path}?token={self.token}"

    def write(self, name: str, *cells: str) -> str:
        """Write a notebook into the served folder and return its name."""
        code = [
            {"cell_type": "code", "id": f"c{i}", "execution_count": None, "metadata": {}, "outputs": [], "source": cell}
            for i, cell in enumerate(cells)
        ]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        notebook = {"cells": code, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
        (self.folder / name).write_text(json.dumps(notebook))
        return name


@dataclass
class Notebook:
    """A notebook on a page, whose cells have been run."""

    page: Page
    folder: Path
    errors: list[str] = field(default_factory=list)

    def explorer(self, place: int = 0) -> Locator:
        return self.page.locator(".lg-access-explorer").nth(place)

    def theme(self, name: str) -> None:
        self.page.evaluate("name => jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name)

    def screenshot(self, name: str) -> None:
        self.page.screenshot(path=self.folder / f"{name}.png")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    named = os.environ.get("LEXGRAPH_BROWSER")
    found = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        message = f"there is no browser: install chromium, or set LEXGRAPH_BROWSER (looked for {', '.join(BROWSERS)})"
        pytest.fail(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, headless=True, args=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(os.environ.get("LEXGRAPH_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("home")
    lab = Lab(free_port(), secrets.token_hex(16), home / "notebooks")
    with (home / "server.log").open("w+") as log:
        server = subprocess.Popen(
            lab_command(lab), cwd=ROOT, env=lab_environment(home), stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            wait_until_it_answers(server, lab, home / "server.log")
            yield lab
        finally:
            stop(server)


@pytest.fixture
def run_notebook(browser: Browser, lab: Lab, screenshots: Path) -> Iterator[Callable[[str], Notebook]]:
    """A function that opens a notebook and runs all its cells; no page error and no call to elsewhere is forgiven."""
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    page = context.new_page()
    errors: list[str] = []
    elsewhere: list[str] = []
    page.on("pageerror", lambda error: str(error).startswith(NOT_OURS) or errors.append(str(error)))

    def block(route, request):
        elsewhere.append(request.url)
        route.abort()

    page.route(re.compile(rf"^(?!(https?|wss?)://{re.escape(ON)}:|data:|blob:)"), block)

    def run(name: str) -> Notebook:
        page.goto(lab.address(f"lab/tree/{name}") + "&reset", wait_until="commit", timeout=60_000)
        page.locator(".jp-Notebook").wait_for(timeout=60_000)
        # The kernel's icon says "idle" before there is a kernel, and a Run All is lost then: wait for the session.
        page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
        page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.ready.then(() => true)")
        page.evaluate("jupyterapp.commands.execute('application:set-mode', {mode: 'single-document'})")
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        return Notebook(page, screenshots, errors)

    yield run
    found = list(errors)  # before the kernel goes, about which JupyterLab may complain
    with contextlib.suppress(Exception):  # the page may never have been opened
        page.evaluate("window.jupyterapp.serviceManager.sessions.shutdownAll()")
    context.close()
    assert found == []
    assert elsewhere == []


def free_port() -> int:
    with socket.socket() as s:
        s.bind((ON, 0))
        return int(s.getsockname()[1])


def lab_command(lab: Lab) -> list[str]:
    options = [
        "--dir", str(lab.folder), "--no-browser", "--", "--allow-root", f"--ServerApp.port={lab.port}",
        "--ServerApp.port_retries=0", f"--IdentityProvider.token={lab.token}", "--LabApp.extension_manager=readonly",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.expose_app_in_browser=True",  # so that a test can wait for the session, and change the theme
    ]  # fmt: skip
    if make := os.environ.get("LEXGRAPH_LAB"):
        return [*shlex.split(make), f"LAB_ARGS={shlex.join(options)}"]
    return [sys.executable, "-m", "lexgraph.cli", "lab", *options]


def lab_environment(home: Path) -> dict[str, str]:
    """A home of its own, so that nobody's settings change the tests, and the tests change nobody's settings."""
    quiet = home / "settings" / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    folders = {
        "HOME": "", "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython",
        "MPLCONFIGDIR": "matplotlib",
    }  # fmt: skip
    return {**os.environ, **{name: str(home / folder) for name, folder in folders.items()}}


def wait_until_it_answers(server: subprocess.Popen[bytes], lab: Lab, log: Path) -> None:
    end = time.monotonic() + 120
    while True:
        if server.poll() is not None or time.monotonic() > end:
            pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")
        with contextlib.suppress(OSError):
            urllib.request.urlopen(lab.address("api/status"), timeout=2).read()  # noqa: S310 - our own server
            return
        time.sleep(0.1)


def stop(server: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
