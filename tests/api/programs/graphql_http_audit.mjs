// Runs the audits of graphql-http against a server and prints their results as JSON.
//
//   node graphql_http_audit.mjs URL TOKEN

import { serverAudits } from 'graphql-http';

const [url, token] = process.argv.slice(2);

/** As somebody who may use introspection, since some audits do. */
function fetchSignedIn(input, init = {}) {
  const headers = { ...init.headers, authorization: `Bearer ${token}` };
  return fetch(input, { ...init, headers });
}

const results = [];
for (const audit of serverAudits({ url, fetchFn: fetchSignedIn })) {
  const { id, name, status, reason } = await audit.fn();
  results.push({ id, name, status, reason });
}
process.stdout.write(JSON.stringify(results));
