"""Takes events as an endpoint does, and answers 204 to those that the library verifies.

Writes its port first, then reads the secret, then writes the type of each event it took.
"""

import http.server
import sys

from standardwebhooks import Webhook, WebhookVerificationError

OTHER = Webhook("whsec_" + "A" * 43 + "=")


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            event = webhook.verify(body, headers)
            status = 204
        except WebhookVerificationError as err:
            print(err, file=sys.stderr)
            status = 400
        for payload, verifier in [(body, OTHER), (body + b" ", webhook)]:
            try:
                verifier.verify(payload, headers)
                status = 500
            except WebhookVerificationError:
                pass
        if status == 204:
            print(event["type"], flush=True)
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
print(server.server_port, flush=True)
webhook = Webhook(sys.stdin.readline().strip())
server.serve_forever()
