"""The app in a browser of this machine: it works there, asks nothing of anybody else, and lets nobody else in."""

import http.client
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tui.app.serve import listening
from warehouse.errors import WarehouseError

NEURONS = (sys.executable, "-P", "-c", "from tui.cli import main; main()")
PATIENCE = 30.0


@dataclass
class Served:
    """A server and what it printed.

    Attributes:
        process: the server.
        link: that it printed.
        port: where it listens.
    """

    process: "subprocess.Popen[str]"
    link: str
    port: int

    def answer(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and text of a request."""
        con = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        con.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = con.getresponse()
        text = response.read().decode("utf-8", "replace")
        con.close()
        return response.status, text


@pytest.fixture
def served(shown: Path, tmp_path: Path) -> Iterator[Served]:
    """`neurons tui --serve` over the small warehouse."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*NEURONS, "tui", str(shown), "--serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://\S+", line)
        assert found is not None, line
        yield Served(process, found[0], port)
    finally:
        process.kill()
        process.wait()


@dataclass
class Browser:
    """A page in Chromium, what it asked for, and what the app wrote to it."""

    page: Any
    requests: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    written: list[bytes] = field(default_factory=list)

    def shows(self, text: str) -> None:
        """Wait until the app has written a text."""
        end = time.monotonic() + PATIENCE
        while text not in b"".join(self.written).decode("utf-8", "replace"):
            assert time.monotonic() < end, f"{text!r} did not appear"
            self.page.wait_for_timeout(50)


@pytest.fixture
def browser(chromium: Any) -> Iterator[Browser]:
    """A new page, and an ear at it."""
    seen = Browser(chromium.new_page())
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.on("console", lambda line: seen.said.append(line.text))
    seen.page.on("pageerror", lambda error: seen.said.append(f"error: {error}"))
    seen.page.on("websocket", lambda channel: _listen(channel, seen))
    yield seen
    seen.page.close()


def _listen(channel: Any, seen: Browser) -> None:
    seen.requests.append(channel.url)
    channel.on(
        "framereceived", lambda frame: seen.written.append(frame if isinstance(frame, bytes) else frame.encode())
    )


def test_the_app_works_in_a_browser_and_asks_nobody_else(served: Served, browser: Browser) -> None:
    browser.page.goto(served.link)
    browser.shows("tiny-speech")
    assert browser.page.url == f"http://127.0.0.1:{served.port}/"  # without the key
    browser.page.wait_for_function("document.activeElement.classList.contains('xterm-helper-textarea')")
    browser.page.keyboard.press("F7")
    browser.shows("No set yet")
    drawn = browser.page.screenshot()
    assert len(set(drawn)) > 100  # a picture, not a blank page
    browser.page.keyboard.press("Control+q")
    browser.page.wait_for_selector("text=The app has ended.")
    hosts = {re.sub(r"^(\w+)://([^/]+)/.*", r"\1 \2", url) for url in browser.requests if not url.startswith("data:")}
    assert hosts == {f"http 127.0.0.1:{served.port}", f"ws 127.0.0.1:{served.port}"}
    assert not [line for line in browser.said if "error" in line.lower() or "refused" in line.lower()]


def test_only_who_has_the_key_is_let_in(served: Served) -> None:
    here = f"127.0.0.1:{served.port}"
    key = served.link.partition("key=")[2]
    cookie = f"neurons-{served.port}={key}"
    for path in ("/", "/ws", "/static/js/textual.js", "/?key=", "/?key=wrong", f"/ws?key={key}"):
        assert served.answer(path)[0] == 403, path
    assert "ends with a key" in served.answer("/")[1]
    assert served.answer(f"/?key={key}")[0] == 302
    assert served.answer("/", Cookie=cookie)[0] == 200
    assert served.answer("/", Cookie=cookie, Host="evil.example")[0] == 403
    assert served.answer("/", Cookie=cookie, Host=f"localhost:{served.port}")[0] == 403
    assert served.answer("/", Cookie=cookie, Host=f"evil.example:{served.port}")[0] == 403
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    upgrade["Sec_WebSocket_Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
    refused = served.answer("/ws", Cookie=cookie, Origin="http://evil.example", **upgrade)
    assert refused == (403, "Another site sent this request.\n")
    assert served.answer("/static/", Cookie=cookie)[0] == 403  # folders are not listed
    assert served.answer("/static/../server.py", Cookie=cookie)[0] in {403, 404}
    page = served.answer("/", Cookie=cookie)[1]
    assert f"ws://{here}/ws" in page
    assert "://" not in page.replace(f"ws://{here}/ws", "")
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(PATIENCE) == 0


def test_a_port_that_cannot_be_had_is_said() -> None:
    with listening(0) as taken:
        assert taken.getsockname()[0] == "127.0.0.1"
        port = taken.getsockname()[1]
        with pytest.raises(WarehouseError, match=f"port {port} is in use; give another with --port"):
            listening(port)
    with pytest.raises(WarehouseError, match="0 to 65535"):
        listening(70_000)


def test_the_command_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shlex

    from tui.app import serve

    ran: list[Callable[[], None]] = []
    monkeypatch.setattr(serve.LocalServer, "run", lambda self: ran.append(shlex.split(self.command)))
    path = tmp_path / "my; rm -rf x $(y).warehouse"
    serve.serve_app(path, 0, theme="neurons-light", memory=None, threads=2)
    assert ran[0][-6:] == ["tui", str(path), "--theme", "neurons-light", "--threads", "2"]  # type: ignore[index]
