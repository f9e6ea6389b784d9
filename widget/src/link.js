/**
 * The line to the server: POST for single requests (no cookie, no referrer, a deadline), and for streams a WebSocket, or server-sent
 * events where no WebSocket gets through, or nothing where not even those do (then following.js
 * polls).
 */

import { Problem, problemOf } from "./problem.js";

/** A request that takes longer counts as lost, in milliseconds. */
const DEADLINE_MS = 15_000;
/** A server that says nothing for so long is asked whether it is there, in milliseconds. */
const SILENCE_BEFORE_PING_MS = 15_000;
/** And so long after that the line counts as lost: Wi-Fi that has gone closes no socket. */
const SILENCE_AFTER_PING_MS = 8_000;
/** After sleep or a change of network the question is asked at once, and for less long. */
const DOUBT_MS = 3_000;

const DENIED_CLOSES = [4401, 4403];
/** The server did not understand us; saying it again would not help. */
const PROTOCOL_CLOSES = [4400, 4406, 4409, 4429];

export const SOCKET = 0;
export const EVENTS = 1;
export const POLL = 2;
const WAYS = ["websocket", "sse", "poll"];

/**
 * @typedef {object} Operation
 * @property {string} query
 * @property {Record<string, unknown>} variables
 * @property {(value: any) => void} onValue the root field of each event
 * @property {() => void} onAccepted
 * @property {() => void} onEnd
 * @property {(problem: Problem) => void} onProblem
 */

export class Link {
  /** Which of the three ways streams come. */
  way = SOCKET;
  /** Whether that way has carried something: then what breaks it is no reason to change it. */
  proven = false;
  #apiUrl;
  #token;
  #report;
  /** @type {Socket | null} */
  #socket = null;

  /**
   * @param {import("./element.js").Shared} shared
   * @param {() => Promise<typeof import("./fallback.js")>} fallback
   * @param {() => string} token
   * @param {(way: string) => void} report
   */
  constructor({ apiUrl }, fallback, token, report) {
    this.fallback = fallback;
    this.#apiUrl = apiUrl;
    this.#token = token;
    this.#report = report;
  }

  /**
   * @param {string} query
   * @param {Record<string, unknown>} variables
   * @param {string} [token]
   * @param {RequestInit} [more]
   * @param {string} [accept]
   * @returns {Promise<Response>}
   */
  post(query, variables, token = this.#token(), more, accept = "application/json") {
    return fetch(`${this.#apiUrl}/graphql`, {
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

  /**
   * @param {string} query
   * @param {Record<string, unknown>} variables
   * @param {string} [token]
   * @returns {Promise<any>} the value of the document's root field
   */
  async request(query, variables, token) {
    let answer;
    try {
      answer = await (await this.post(query, variables, token)).json();
    } catch {
      throw new Problem("lost");
    }
    if (answer.errors?.length) throw problemOf(answer.errors);
    return Object.values(answer.data)[0];
  }

  /**
   * @param {string} query
   * @param {Record<string, unknown>} variables
   * @param {(value: any) => void} take
   * @param {AbortSignal} signal
   * @param {() => void} [onAccepted]
   * @returns {Promise<void>} when the server has said all, or the signal ended it
   */
  stream(query, variables, take, signal, onAccepted) {
    const accepted = () => {
      this.prove();
      onAccepted?.();
    };
    if (this.way === EVENTS)
      return this.fallback().then(({ hearEvents }) =>
        hearEvents(this, query, variables, take, signal, accepted),
      );
    return new Promise((fulfil, reject) => {
      if (signal.aborted) return fulfil();
      if (!this.#socket?.alive) this.#socket = new Socket(this.#apiUrl, this.#token());
      const socket = this.#socket;
      const stop = () => {
        socket.stop(id);
        fulfil();
      };
      const done = () => signal.removeEventListener("abort", stop);
      const id = socket.start({
        query,
        variables,
        onValue: take,
        onAccepted: accepted,
        onEnd: () => fulfil(done()),
        onProblem: (problem) => {
          done();
          reject(problem);
        },
      });
      signal.addEventListener("abort", stop);
    });
  }

  /** This way has carried something. */
  prove() {
    if (!this.proven) this.#report(WAYS[this.way]);
    this.proven = true;
  }

  /** Another way, if this one has carried nothing although the server can be reached. */
  async reconsider() {
    if (this.proven || this.way === POLL) return;
    try {
      await this.request("{__typename}", {}, "");
      this.way += 1;
    } catch {
      // The server cannot be reached at all: no reason to think ill of the way.
    }
  }

  /** Asks at once whether the server is there, after sleep or a change of network. */
  doubt() {
    this.#socket?.ask(DOUBT_MS);
  }

  close() {
    this.#socket?.end(new Problem("lost"));
    this.#socket = null;
  }
}

/** One WebSocket with any number of operations (graphql-transport-ws). */
class Socket {
  alive = true;
  /** @type {Map<string, Operation>} */
  #operations = new Map();
  #acknowledged = false;
  #count = 0;
  #socket;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {string} apiUrl
   * @param {string} token
   */
  constructor(apiUrl, token) {
    const socket = new WebSocket(
      `${apiUrl.replace(/^http/, "ws")}/graphql`,
      "graphql-transport-ws",
    );
    socket.onopen = () =>
      this.#send({ type: "connection_init", payload: { authorization: `Bearer ${token}` } });
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    socket.onclose = ({ code, reason }) =>
      this.end(
        DENIED_CLOSES.includes(code)
          ? new Problem("denied", reason)
          : new Problem(PROTOCOL_CLOSES.includes(code) ? "refused" : "lost", reason),
      );
    // What a page's policy forbids closes nothing and says no more than this.
    socket.onerror = () => this.end(new Problem("lost"));
    this.#socket = socket;
    this.ask(SILENCE_AFTER_PING_MS);
  }

  /** @param {Operation} operation */
  start(operation) {
    const id = String(++this.#count);
    this.#operations.set(id, operation);
    if (this.#acknowledged) this.#subscribe(id, operation);
    return id;
  }

  /** @param {string} id */
  stop(id) {
    if (this.#operations.delete(id)) this.#send({ id, type: "complete" });
  }

  /**
   * @param {string} id
   * @param {Operation} operation
   */
  #subscribe(id, { query, variables, onAccepted }) {
    onAccepted();
    this.#send({ id, type: "subscribe", payload: { query, variables } });
  }

  /** @param {{id: string, type: string, payload: any}} message */
  #hear({ id, type, payload }) {
    this.#watch();
    const operation = this.#operations.get(id);
    if (type === "connection_ack") {
      this.#acknowledged = true;
      for (const [key, waiting] of this.#operations) this.#subscribe(key, waiting);
    } else if (type === "ping") this.#send({ type: "pong" });
    else if (!operation) return;
    else if (type === "next" && !payload.errors?.length) {
      operation.onValue(Object.values(payload.data)[0]);
    } else {
      this.#operations.delete(id);
      if (type === "complete") operation.onEnd();
      else operation.onProblem(problemOf(payload.errors ?? payload));
    }
  }

  #watch() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.ask(SILENCE_AFTER_PING_MS), SILENCE_BEFORE_PING_MS);
  }

  /** @param {number} patience in milliseconds */
  ask(patience) {
    this.#send({ type: "ping" });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(new Problem("lost")), patience);
  }

  /** @param {object} message */
  #send(message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** @param {Problem} problem */
  end(problem) {
    this.alive = false;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
    socket.close();
    const operations = [...this.#operations.values()];
    this.#operations.clear();
    for (const operation of operations) operation.onProblem(problem);
  }
}
