/**
 * Following one answer to its end, over as many connections, and ways of connecting, as it takes.
 *
 * The same idempotency key never asks twice and events are numbered, so asking again is how to
 * resume: `seq` says what is here already.
 */

import { ASK, FOLLOW } from "./documents.js";
import { POLL } from "./link.js";
import { Problem } from "./problem.js";

/** The first pause before connecting again, in milliseconds; it doubles from loss to loss. */
const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 15_000;
/** So many errors of the server in a row end the attempt; a lost network never does. */
const MOST_SERVER_ERRORS = 4;

/** @typedef {import("./conversation.js").AnswerEvent} AnswerEvent */
/** @typedef {import("./conversation.js").Turn} Turn */

/**
 * @typedef {object} Listener
 * @property {(isDenied: boolean) => Promise<Record<string, unknown>>} enter sees to a good token, another one
 *   where this one was denied, and gives AskInput, for an answer that has no id yet
 * @property {(event: AnswerEvent) => void} onEvent
 * @property {(problem: Problem) => void} onLost the connection has gone and is being sought again
 * @property {() => void} onConnected
 */

/**
 * @param {import("./link.js").Link} link
 * @param {Turn} answer its `id` and `seq` move on as events are taken
 * @param {Listener} listener
 * @param {AbortSignal} signal
 * @returns {Promise<void>} when the answer has ended, or the signal ended the following
 * @throws {Problem} denied, or refused: nothing more will come
 */
export async function follow(link, answer, listener, signal) {
  const ended = () => answer.status !== "QUEUED" && answer.status !== "STREAMING";
  let losses = 0;
  let denials = 0;
  let isDenied = false;
  while (!ended() && !signal.aborted) {
    const before = answer.seq;
    let entered = false;
    try {
      const question = await listener.enter(isDenied);
      entered = true;
      await listen(link, answer, question, listener, signal, ended);
      if (!ended() && !signal.aborted) throw new Problem("lost");
    } catch (error) {
      const problem = /** @type {Problem} */ (error);
      const { kind } = problem;
      if (answer.seq > before) losses = 0;
      isDenied = kind === "denied" && !denials++;
      if (isDenied) continue;
      const hopeless = kind === "refused" && (!entered || losses >= MOST_SERVER_ERRORS);
      if (!kind || kind === "denied" || hopeless) throw error;
      listener.onLost(problem);
      if (entered) await link.reconsider();
      await pause(pauseAfter(losses++), signal);
    }
  }
}

/**
 * Listens on one connection.
 *
 * @param {import("./link.js").Link} link
 * @param {Turn} answer
 * @param {Record<string, unknown>} question
 * @param {Listener} listener
 * @param {AbortSignal} signal
 * @param {() => boolean} ended
 */
async function listen(link, answer, question, listener, signal, ended) {
  if (link.way === POLL) {
    const { poll } = await link.fallback();
    const over = () => ended() || signal.aborted;
    return poll(link, answer, question, listener, over);
  }
  const done = new AbortController();
  const stop = () => done.abort();
  signal.addEventListener("abort", stop);
  const [query, variables] = answer.id
    ? [FOLLOW, { m: answer.id, s: answer.seq }]
    : [ASK, { i: { ...question, afterSeq: answer.seq } }];
  const take = (/** @type {AnswerEvent} */ event) => {
    listener.onEvent(event);
    if (ended()) stop();
  };
  await link
    .stream(query, variables, take, done.signal, listener.onConnected)
    .finally(() => signal.removeEventListener("abort", stop));
}

/**
 * Doubling pauses, each shortened by chance, so that the visitors of a server that comes back do
 * not come back all at once.
 *
 * @param {number} losses
 */
export function pauseAfter(losses) {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** losses);
  return longest * (0.5 + Math.random() / 2);
}

/**
 * Waits, but not once the browser says that the network is back.
 *
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function pause(milliseconds, signal) {
  return new Promise((fulfil) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      fulfil();
    };
    const timer = setTimeout(done, milliseconds);
    addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}
