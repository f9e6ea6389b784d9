/** One GraphQL request as POST: no cookie, no referrer, a deadline. */

/** A request that takes longer counts as lost, in milliseconds. */
const DEADLINE_MS = 15_000;

/**
 * @param {string} apiUrl
 * @param {string} query
 * @param {Record<string, unknown>} variables
 * @param {string} [token]
 * @param {RequestInit} [more]
 * @param {string} [accept]
 * @returns {Promise<Response>}
 */
export function post(apiUrl, query, variables, token, more, accept = "application/json") {
  return fetch(`${apiUrl}/graphql`, {
    method: "POST",
    credentials: "omit",
    headers: {
      "content-type": "application/json",
      accept,
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(DEADLINE_MS),
    ...more,
  });
}
