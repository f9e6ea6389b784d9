/**
 * Following one answer to its end, over as many connections as that takes.
 *
 * The same idempotency key never asks twice, so asking again is how to resume: `afterSeq` says
 * what is here already.
 */

import { ConnectionLostError, GraphqlError, subscribe } from "./transport.js";

/** The first pause before connecting again, in milliseconds; it doubles from loss to loss. */
const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 15_000;
/** So many errors of the server in a row end the attempt; a lost network never does. */
const MOST_SERVER_ERRORS = 4;

const ENDINGS = ["AnswerCompleted", "AnswerFailed"];

export const ANSWER_FIELDS = `
  id status content questionId
  citations { number sourceTitle url anchorUrl quote }`;

const ASK = `subscription Ask($input: AskInput!) {
  ask(input: $input) {
    __typename
    seq
    ... on AnswerStarted { conversationId questionId messageId }
    ... on AnswerStep { step label }
    ... on AnswerDelta { text }
    ... on AnswerRestarted { reason }
    ... on AnswerCompleted { answer { ${ANSWER_FIELDS} } }
    ... on AnswerFailed { code text retryable retryAt }
  }
}`;

/**
 * @typedef {object} Question
 * @property {string} text
 * @property {string} idempotencyKey
 * @property {string | null} conversationId null begins a new conversation
 *
 * @typedef {object} Citation
 * @property {number} number
 * @property {string} sourceTitle
 * @property {string | null} url
 * @property {string | null} anchorUrl
 * @property {string} quote
 *
 * @typedef {object} Answer
 * @property {string} id
 * @property {"STREAMING" | "COMPLETE" | "STOPPED" | "FAILED"} status
 * @property {string} content
 * @property {string | null} questionId
 * @property {Citation[]} citations
 *
 * @typedef {object} Failure
 * @property {string} code
 * @property {string} text
 * @property {boolean} retryable
 * @property {string | null} retryAt
 *
 * @typedef {(
 *   | {__typename: "AnswerStarted", conversationId: string, questionId: string, messageId: string}
 *   | {__typename: "AnswerStep", step: string, label: string}
 *   | {__typename: "AnswerDelta", text: string}
 *   | {__typename: "AnswerRestarted", reason: string}
 *   | {__typename: "AnswerCompleted", answer: Answer}
 *   | ({__typename: "AnswerFailed"} & Failure)
 * ) & {seq: number}} AnswerEvent
 *
 * @typedef {object} Listener
 * @property {(event: AnswerEvent) => void} onEvent every event once, in order
 * @property {() => void} onLost the connection has gone and is being sought again
 * @property {() => void} onConnected
 */

/**
 * Asks a question, or goes on with it when it was asked before, until its last event.
 *
 * @param {Question} question
 * @param {string} token
 * @param {Listener} listener
 * @throws {VisitOverError | GraphqlError} nothing more will come
 */
export async function followAnswer(question, token, listener) {
  const following = new Following(question, token, listener);
  let losses = 0;
  while (!following.ended) {
    const before = following.lastSeq;
    try {
      await following.listen();
    } catch (error) {
      if (following.lastSeq > before) losses = 0;
      if (!worthAnotherTry(error, losses)) throw error;
      listener.onLost();
      await pause(pauseAfter(losses));
      losses += 1;
    }
  }
}

class Following {
  lastSeq = 0;
  ended = false;
  #question;
  #token;
  #listener;

  /**
   * @param {Question} question
   * @param {string} token
   * @param {Listener} listener
   */
  constructor(question, token, listener) {
    this.#question = question;
    this.#token = token;
    this.#listener = listener;
  }

  /** Listens on one connection. */
  async listen() {
    const done = new AbortController();
    await subscribe({
      query: ASK,
      variables: { input: { ...this.#question, afterSeq: this.lastSeq, page: thisPage() } },
      token: this.#token,
      onAccepted: this.#listener.onConnected,
      onData: ({ ask }) => {
        this.#take(ask);
        if (this.ended) done.abort();
      },
      signal: done.signal,
    });
    if (!this.ended) throw new ConnectionLostError("The stream ended before the answer did.");
  }

  /** @param {AnswerEvent} event */
  #take(event) {
    this.ended = ENDINGS.includes(event.__typename);
    // A refusal carries number 1 even when it meets a question that was under way.
    if (event.seq <= this.lastSeq && !this.ended) return;
    this.lastSeq = event.seq;
    this.#listener.onEvent(event);
  }
}

function thisPage() {
  const { origin, pathname } = location;
  return { url: origin + pathname, title: document.title, language: navigator.language };
}

/**
 * @param {unknown} error
 * @param {number} losses
 */
function worthAnotherTry(error, losses) {
  if (error instanceof ConnectionLostError) return true;
  return error instanceof GraphqlError && losses < MOST_SERVER_ERRORS;
}

/**
 * Doubling pauses, each shortened by chance, so that the visitors of a server that comes back do
 * not come back all at once.
 *
 * @param {number} losses
 */
function pauseAfter(losses) {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(losses, 16));
  return longest * (0.5 + Math.random() / 2);
}

/**
 * Waits, but not once the browser says that the network is back.
 *
 * @param {number} milliseconds
 * @returns {Promise<void>}
 */
function pause(milliseconds) {
  return new Promise((fulfil) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      fulfil();
    };
    const timer = setTimeout(done, milliseconds);
    addEventListener("online", done);
  });
}
