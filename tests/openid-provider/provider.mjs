// A real OpenID provider on a free port of 127.0.0.1. Each line of standard input is JSON and says how it shall be from
// then on; it is answered by a line with the issuer. It ends with its standard input.
import { createServer } from "node:http";
import { createInterface } from "node:readline";

import Provider from "oidc-provider";

const server = createServer((request, response) => answer(request, response));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

let answer = unavailable;

// What it has to say besides does not belong among the answers.
console.info = console.error;

function unavailable(_request, response) {
  response.writeHead(503).end();
}

// People are whoever they say they are. An id with an `admin` in it has a role.
function claims(id) {
  return {
    sub: id,
    name: `${id} of the provider`,
    email: `${id}@example.com`,
    email_verified: true,
    roles: id.includes("admin") ? ["family-plan:admin"] : [],
    // Some providers tell a lot.
    ...(id.includes("verbose") && { groups: Array.from({ length: 200 }, (_, n) => `a-group-of-many-${n}`) }),
  };
}

function provide({ client, keys }) {
  const provider = new Provider(issuer, {
    clients: [client],
    jwks: { keys },
    cookies: { keys: ["of no importance"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "roles", "groups"] },
    // The claims come in the ID token, as with most providers.
    conformIdTokenClaims: false,
    findAccount: (_context, id) => ({ accountId: id, claims: () => claims(id) }),
    pkce: { required: () => true },
    ttl: { IdToken: 900 },
  });
  return provider.callback();
}

for await (const line of createInterface({ input: process.stdin })) {
  const wish = JSON.parse(line);
  answer = wish.down ? unavailable : provide(wish);
  process.stdout.write(`${JSON.stringify({ issuer })}\n`);
}
process.exit();
