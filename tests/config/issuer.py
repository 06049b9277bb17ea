"""A single sign-on of our own on the loopback: discovery, tokens and user info as an OpenID Connect issuer gives them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt


class Issuer(ThreadingHTTPServer):
    """`who` is the person at the other end; `asked` are the paths it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.who: dict[str, Any] = {}
        self.asked: list[str] = []
        self.audience = "finalmile"

    def token(self) -> str:
        claims = {"iss": self.url, "aud": self.audience, "iat": int(time.time()), "exp": int(time.time()) + 300, **self.who}
        return jwt.encode(claims, "a secret of the issuer, long enough for its algorithm", algorithm="HS256")


class Answers(BaseHTTPRequestHandler):
    server: Issuer

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.path.startswith("/.well-known/"):
            names = ("authorization", "token", "userinfo")
            self.say(
                {
                    "issuer": self.server.url,
                    "jwks_uri": f"{self.server.url}/keys",
                    **{f"{name}_endpoint": f"{self.server.url}/{name}" for name in names},
                }
            )
        else:
            self.say(self.server.who)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append(self.path)
        self.say({"access_token": "x", "token_type": "Bearer", "expires_in": 300, "id_token": self.server.token()})

    def say(self, words: dict[str, Any]) -> None:
        body = json.dumps(words).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Says nothing."""


@contextmanager
def issuer() -> Iterator[Issuer]:
    server = Issuer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
