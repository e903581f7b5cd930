// Takes events as an endpoint does, and answers 204 to those that the library verifies.
//
// Writes its port first, then reads the secret, then writes the type of each event it took.

import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Webhook } from "standardwebhooks";

const other = new Webhook("whsec_" + "A".repeat(43) + "=");
let webhook;

function refuses(verifier, payload, headers) {
  try {
    verifier.verify(payload, headers);
    return false;
  } catch {
    return true;
  }
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks).toString("utf8");
  let status = 204;
  try {
    const event = webhook.verify(body, request.headers);
    if (!refuses(other, body, request.headers) || !refuses(webhook, body + " ", request.headers)) {
      status = 500;
    } else {
      console.log(event.type);
    }
  } catch (err) {
    console.error(err);
    status = 400;
  }
  response.writeHead(status).end();
});

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
createInterface({ input: process.stdin }).on("line", (secret) => {
  webhook = new Webhook(secret.trim());
});
