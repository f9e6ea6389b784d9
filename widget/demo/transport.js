/**
 * GraphQL on the wire: queries and mutations as POST, one subscription per WebSocket.
 *
 * A lost connection and a refusal are different errors, because only the first may be tried again.
 */

/** A request that takes longer counts as lost, in milliseconds. */
const REQUEST_DEADLINE_MS = 15_000;
/** A server that says nothing for so long is asked whether it is there, in milliseconds. */
const SILENCE_BEFORE_PING_MS = 15_000;
/** And so long after that the connection counts as lost: Wi-Fi that has gone closes no socket. */
const SILENCE_AFTER_PING_MS = 8_000;

const UNAUTHORISED_CODES = ["UNAUTHENTICATED", "TOKEN_EXPIRED", "TOKEN_REVOKED", "FORBIDDEN"];
const UNAUTHORISED_CLOSE_CODES = [4401, 4403];
/** The server did not understand us; saying it again would not help. */
const PROTOCOL_CLOSE_CODES = [4400, 4406, 4409, 4429];

const endpoint = new URL("../graphql", import.meta.url);

/** The server cannot be reached, or could not be until now. */
export class ConnectionLostError extends Error {}

/** The token is not (or no longer) good; a new visit gets another. */
export class VisitOverError extends Error {}

/** The server answered with an error. */
export class GraphqlError extends Error {}

/**
 * Runs a query or mutation.
 *
 * @template Result
 * @param {string} query
 * @param {Record<string, unknown>} variables
 * @param {string} [token] the visit's token; none for startVisit
 * @returns {Promise<Result>} the value of the document's one root field
 * @throws {ConnectionLostError | VisitOverError | GraphqlError}
 */
export async function request(query, variables, token) {
  const answer = await post(JSON.stringify({ query, variables }), token);
  if (answer.errors?.length) throw errorFrom(answer.errors);
  return /** @type {Result} */ (Object.values(answer.data ?? {})[0]);
}

/**
 * @param {string} body
 * @param {string | undefined} token
 * @returns {Promise<{data?: Record<string, unknown>, errors?: WireError[]}>}
 */
async function post(body, token) {
  /** @type {Record<string, string>} */
  const headers = { "content-type": "application/json", accept: "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  try {
    const signal = AbortSignal.timeout(REQUEST_DEADLINE_MS);
    const response = await fetch(endpoint, { method: "POST", headers, body, signal });
    return await response.json();
  } catch (cause) {
    throw new ConnectionLostError("The server cannot be reached.", { cause });
  }
}

/** @typedef {{message: string, extensions?: {code?: string}}} WireError */

/**
 * @param {WireError[]} errors
 * @returns {Error}
 */
function errorFrom(errors) {
  const [first] = errors;
  const code = first?.extensions?.code ?? "";
  if (UNAUTHORISED_CODES.includes(code)) return new VisitOverError(first.message);
  return new GraphqlError(first?.message ?? "The server answered with an error.");
}

/**
 * @typedef {object} Subscribing
 * @property {string} query
 * @property {Record<string, unknown>} variables
 * @property {string} token
 * @property {() => void} onAccepted the server has let us in
 * @property {(data: Record<string, any>) => void} onData
 * @property {AbortSignal} signal ends the subscription from our side
 */

/**
 * Opens a WebSocket for one subscription.
 *
 * @param {Subscribing} subscribing
 * @returns {Promise<void>} fulfilled when the server completes it or the signal aborts it
 * @throws {ConnectionLostError | VisitOverError | GraphqlError}
 */
export function subscribe(subscribing) {
  return new Promise((fulfil, reject) => {
    new Subscription(subscribing, fulfil, reject).open();
  });
}

/** One socket from its opening to its end, which is reported once. */
class Subscription {
  #subscribing;
  #fulfil;
  #reject;
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #silence;

  /**
   * @param {Subscribing} subscribing
   * @param {() => void} fulfil
   * @param {(error: Error) => void} reject
   */
  constructor(subscribing, fulfil, reject) {
    this.#subscribing = subscribing;
    this.#fulfil = fulfil;
    this.#reject = reject;
  }

  open() {
    const { signal, token } = this.#subscribing;
    if (signal.aborted) return this.#fulfil();
    const address = new URL(endpoint);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address, "graphql-transport-ws");
    socket.onopen = () =>
      this.#send({ type: "connection_init", payload: { authorization: `Bearer ${token}` } });
    socket.onmessage = (message) => this.#hear(message.data);
    socket.onclose = (event) => this.#end(errorFromClose(event));
    this.#socket = socket;
    this.#watch();
    signal.addEventListener("abort", this.#abort);
  }

  #abort = () => this.#end();

  /** @param {string} data */
  #hear(data) {
    this.#watch();
    const { type, payload } = JSON.parse(data);
    if (type === "next") this.#next(payload);
    else if (type === "connection_ack") this.#start();
    else if (type === "ping") this.#send({ type: "pong" });
    else if (type === "error") this.#end(errorFrom(payload));
    else if (type === "complete") this.#end();
  }

  #start() {
    const { query, variables, onAccepted } = this.#subscribing;
    onAccepted();
    this.#send({ id: "1", type: "subscribe", payload: { query, variables } });
  }

  /** @param {{data?: Record<string, any>, errors?: WireError[]}} payload */
  #next({ data, errors }) {
    if (errors?.length) this.#end(errorFrom(errors));
    else if (data) this.#subscribing.onData(data);
  }

  #watch() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#ask(), SILENCE_BEFORE_PING_MS);
  }

  #ask() {
    this.#send({ type: "ping" });
    this.#silence = setTimeout(
      () => this.#end(new ConnectionLostError("The server has gone silent.")),
      SILENCE_AFTER_PING_MS,
    );
  }

  /** @param {object} message */
  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** @param {Error} [error] */
  #end(error) {
    clearTimeout(this.#silence);
    this.#subscribing.signal.removeEventListener("abort", this.#abort);
    if (this.#socket) {
      this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
      this.#socket.close();
    }
    if (error) this.#reject(error);
    else this.#fulfil();
  }
}

/**
 * @param {CloseEvent} event
 * @returns {Error}
 */
function errorFromClose({ code, reason }) {
  if (UNAUTHORISED_CLOSE_CODES.includes(code)) return new VisitOverError(reason);
  if (PROTOCOL_CLOSE_CODES.includes(code)) return new GraphqlError(reason);
  return new ConnectionLostError(reason);
}
