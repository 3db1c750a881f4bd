"""The simulated SEPM behind a real HTTPS server with threads, one port for each."""

from __future__ import annotations

import json
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlsplit

from tests.sepm.simulated import Answer, Dies, Simulated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sepm.certificate import Identity

BASE = "/sepm/api/"


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, simulated: Simulated, identity: Identity) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.simulated = simulated
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(identity.file)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """The handshake is in the connection's own thread, so a client that refuses us stops it."""
        request.settimeout(20)
        try:
            secured = self.tls.wrap_socket(request, server_side=True)
        except OSError:
            return
        with secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is what these tests are about: no stack trace for it."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    posted_before = False

    def _answer(self) -> None:
        if self.posted_before:
            # Observed: a connection is dropped when it is used again after the first POST.
            self.close_connection = True
            return
        self.posted_before = self.command == "POST"
        address = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length)
        simulated = cast("Server", self.server).simulated
        try:
            told = simulated.handle(
                self.command,
                address.path.removeprefix(BASE),
                dict(parse_qsl(address.query)),
                json.loads(sent) if sent else None,
                self.headers.get("Authorization", "").removeprefix("Bearer "),
            )
        except Answer as other:
            self._write(other.status, other.body)
        except Dies:
            self.close_connection = True
        else:
            self._write(200, told)

    do_GET = do_POST = do_PUT = do_PATCH = _answer

    def _write(self, status: int, told: Any) -> None:
        text = told if isinstance(told, str) and "error" in told else json.dumps(told)
        body = b"" if told is None else text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Not into the output of the tests."""


@contextmanager
def serving(simulated: Simulated, identity: Identity) -> Iterator[str]:
    """The address, such as https://127.0.0.1:40123, while the block runs."""
    server = Server(simulated, identity)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
