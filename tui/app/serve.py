"""The app in a browser on this machine, by textual-serve: for nobody else, and without a request to anywhere else.

textual-serve asks nobody who they are, and the app reads and writes files. So the server listens on the loopback
interface alone; it wants the key of the link that it prints, which a browser keeps as a cookie, since other users of
the machine reach the loopback interface too; and it refuses what pages of other sites send to it (another ``Host`` or
``Origin``).
"""

import errno
import secrets
import shlex
import socket
import sys
from collections.abc import Awaitable, Callable
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from aiohttp import web
from textual_serve.server import Server

from tui.reporting import say
from warehouse.errors import WarehouseError

LOOPBACK = "127.0.0.1"
"""What the app is served on, and the one name that browsers may call it by: cookies are of a name."""

_NEURONS = (sys.executable, "-P", "-c", "from tui.cli import main; main()")
"""The command, of this very installation."""

FONT_SIZE = 16
_SMALLEST, _LARGEST = 6, 64
_ENDING = 1.0
"""Seconds that an app has to end by itself once the server does."""

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # xterm.js writes the styles of the terminal into the page
        "font-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self' ws://$here",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class LocalServer(Server):
    """Shows a command's app to whoever on this machine has the key.

    Attributes:
        here: host and port, as browsers have to name them.
        link: what opens the app.
    """

    def __init__(self, command: str, title: str, listening: socket.socket) -> None:
        port = listening.getsockname()[1]
        super().__init__(command, host=LOOPBACK, port=port, title=title)
        self.here = f"{LOOPBACK}:{port}"
        self._listening = listening
        self._key = secrets.token_urlsafe(24)
        self._cookie = f"neurons-{port}"  # cookies are shared between the ports of a host
        self.link = f"http://{self.here}/?key={self._key}"

    def run(self) -> None:
        """Serve until Ctrl-C."""
        web.run_app(
            self._make_app(),
            sock=self._listening,
            print=lambda *_: None,
            access_log=None,  # its lines would hold the key
            shutdown_timeout=_ENDING,
        )

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/", self._page, name="index"),
                web.get("/page.js", self._script, name="script"),
                web.get("/ws", self.handle_websocket, name="websocket"),
                web.get("/download/{key}", self.handle_download, name="download"),
                web.static("/static", self.statics_path, name="static"),
            ]
        )
        app.on_startup.append(self.on_startup)
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Say where the app is."""
        say(f"{self.title}: {self.link}")
        say("Open this link in a browser on this machine. It is a key: keep it to yourself. Ctrl-C ends the app.")

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let through only who has the key, and only by this machine's own name."""
        origin = request.headers.get("Origin")
        if request.host != self.here:
            return _refused(f"This app is served as {self.here} alone. Through a tunnel, forward the same port number.")
        if origin is not None and origin != f"http://{self.here}":
            return _refused("Another site sent this request.")
        given = request.query.get("key")
        if request.path == "/" and given is not None and secrets.compare_digest(given.encode(), self._key.encode()):
            return self._let_in()
        kept = request.cookies.get(self._cookie, "")
        if not secrets.compare_digest(kept.encode(), self._key.encode()):
            return _refused("Open the whole link that `neurons tui --serve` printed: it ends with a key.")
        response = await handler(request)
        if not response.prepared:
            response.headers["Content-Security-Policy"] = Template(_POLICY).substitute(here=self.here)
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def _let_in(self) -> web.Response:
        response = web.HTTPFound(f"http://{self.here}/")  # without the key, which shall not stay in the history
        response.set_cookie(self._cookie, self._key, httponly=True, samesite="Strict", path="/")
        return response

    async def _page(self, request: web.Request) -> web.Response:
        size = request.query.get("fontsize", "")
        pixels = min(max(int(size), _SMALLEST), _LARGEST) if size.isdecimal() and len(size) < 4 else FONT_SIZE
        text = Template(_file("page.html")).substitute(
            title=escape(self.title), socket=f"ws://{self.here}/ws", size=pixels
        )
        return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})

    async def _script(self, request: web.Request) -> web.Response:
        return web.Response(text=_file("page.js"), content_type="text/javascript")


def serve_app(
    warehouse: Path, port: int, *, theme: str | None = None, memory: str | None = None, threads: int | None = None
) -> None:
    """Show a warehouse in browsers of this machine, each with an app of its own, until Ctrl-C.

    Args:
        warehouse: the warehouse.
        port: 0 = any that is free.
        theme: as the command takes it, and so are the others.
        memory: most memory of the queries of one app.
        threads: most threads of those.

    Raises:
        WarehouseError: a port that cannot be had.
    """
    with listening(port) as taken:
        options = {"--theme": theme, "--memory": memory, "--threads": threads}
        given = [text for name, value in options.items() if value is not None for text in (name, str(value))]
        LocalServer(shlex.join([*_NEURONS, "tui", str(warehouse), *given]), warehouse.name, taken).run()


def listening(port: int) -> socket.socket:
    """A socket of the loopback interface.

    Raises:
        WarehouseError: a port that cannot be had.
    """
    if not 0 <= port < 1 << 16:
        raise WarehouseError(f"port {port}: give a number from 0 to 65535, 0 for any that is free")
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((LOOPBACK, port))
        taken.listen()  # the link is said before the server looks for who comes
    except OSError as error:
        taken.close()
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
        raise WarehouseError(f"port {port} {why}; give another with --port, 0 for any that is free") from None
    return taken


def _file(name: str) -> str:
    return files("tui.app").joinpath(name).read_text(encoding="utf-8")


def _refused(why: str) -> web.Response:
    return web.Response(status=403, text=f"{why}\n")
