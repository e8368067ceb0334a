"""A service as the local platform knows it: `main`, /livez and /readyz, and nothing behind."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Answers(BaseHTTPRequestHandler):
    """Answers every path with 200 and what the service was told."""

    def do_GET(self) -> None:
        """Answer."""
        body = f"{os.environ['KIOSK_DATABASE_URL']} {os.environ['MERIDIAN_KAFKA']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(argv: list[str]) -> int:
    """Serve until a signal ends the process."""
    host, _, port = os.environ["KIOSK_LISTEN"].partition(":")
    print("serving", *argv, flush=True)
    HTTPServer((host, int(port)), Answers).serve_forever()
    return 0
