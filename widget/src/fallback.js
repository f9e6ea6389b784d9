/**
 * What most visits do without, loaded when it is needed: streams for networks that let no WebSocket
 * through (server-sent events, or where those are held back too, asking again and again), and what
 * signed-in visitors and the embed page need.
 */

import { EVENT, mutation } from "./documents.js";

/** @typedef {import("./conversation.js").AnswerEvent} AnswerEvent */
/** @typedef {import("./conversation.js").Turn} Turn */

const ASK_ONCE = mutation("askOnce", "conversationId questionId messageId", "AskInput");
const POLL = `query($m:ID!,$s:Int!,$w:Int!){answerEvents(messageId:$m,afterSeq:$s,waitMs:$w)${EVENT}}`;

/** An event stream has a sign of life at least this often. */
const LONGEST_SILENCE_MS = 30_000;
/** The server holds a poll back so long when there is no news, in milliseconds. */
const POLL_WAIT_MS = 10_000;

/**
 * @param {(signal: AbortSignal) => Promise<Response>} request
 * @param {(data: any) => void} take what GraphQL says of each event
 * @param {AbortSignal} signal
 * @returns {Promise<any>} when the stream has ended; errors that came instead of one
 */
export async function streamEvents(request, take, signal) {
  const silence = new AbortController();
  const end = () => silence.abort();
  signal.addEventListener("abort", end);
  let timer = setTimeout(end, LONGEST_SILENCE_MS);
  try {
    const response = await request(silence.signal);
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
      return (await response.json()).errors;
    }
    const body = /** @type {ReadableStream<any>} */ (response.body);
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(end, LONGEST_SILENCE_MS);
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const data = /^data: (\{.*)$/m.exec(block)?.[1];
        if (data) take(JSON.parse(data));
      }
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    end();
  }
}

/**
 * @param {import("./link.js").Link} link
 * @param {Turn} answer
 * @param {Record<string, unknown>} question
 * @param {import("./following.js").Listener} listener
 * @param {() => boolean} ended
 */
export async function poll(link, answer, question, listener, ended) {
  if (!answer.id) {
    const asked = await link.request(ASK_ONCE, { i: question });
    if (asked.code) {
      const { code, message: text } = asked;
      return listener.onEvent({ __typename: "AnswerFailed", seq: 0, code, text, retryable: true });
    }
    // It has no number of its own: those of the log begin with 1.
    listener.onEvent({ ...asked, __typename: "AnswerStarted", seq: 0.5 });
  }
  while (!ended()) {
    const variables = { m: answer.id, s: Math.floor(answer.seq), w: POLL_WAIT_MS };
    const events = await link.request(POLL, variables);
    listener.onConnected();
    for (const event of events) listener.onEvent(event);
  }
}

/** The embed page's nonce lives for a short time: the page itself has a new one. */
export async function freshNonce() {
  const page = await (await fetch(location.href, { cache: "no-store" })).text();
  return /data-embed-nonce="([^"]+)/.exec(page)?.[1];
}

/**
 * @param {string | null | undefined} token a JWT; nothing of it is believed here, it only tells two
 *   visitors of this browser apart
 * @returns {string | null}
 */
export function userOf(token) {
  try {
    const claims = String(token).split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    return JSON.parse(atob(claims)).user_id;
  } catch {
    return null;
  }
}
