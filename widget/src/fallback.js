/**
 * What most visits do without, loaded when it is needed: streams for networks that let no WebSocket
 * through (server-sent events, or where those are held back too, asking again and again), and what
 * signed-in visitors and the embed page need.
 */

import { EVENT, mutation } from "./documents.js";
import { Problem, problemOf } from "./problem.js";

/** @typedef {import("./conversation.js").AnswerEvent} AnswerEvent */
/** @typedef {import("./conversation.js").Turn} Turn */

const REFRESH = mutation("refreshWidgetToken", "widgetToken expiresAt");
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
async function streamEvents(request, take, signal) {
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
        // What one read brought may go on after that at which nobody wants more.
        if (data && !signal.aborted) take(JSON.parse(data));
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
 * @param {string} query
 * @param {Record<string, unknown>} variables
 * @param {(value: any) => void} take the root field of each event
 * @param {AbortSignal} signal
 * @param {() => void} accepted
 */
export async function hearEvents(link, query, variables, take, signal, accepted) {
  /** @param {AbortSignal} ended */
  const request = (ended) =>
    link.post(query, variables, undefined, { signal: ended }, "text/event-stream");
  /** @param {{data: any, errors?: any[]}} event */
  const hear = ({ data, errors }) => {
    accepted();
    if (errors?.length) throw problemOf(errors);
    take(Object.values(data)[0]);
  };
  try {
    const errors = await streamEvents(request, hear, signal);
    if (errors) throw problemOf(errors);
  } catch (error) {
    if (signal.aborted) return;
    throw error instanceof Problem ? error : new Problem("lost");
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
    link.prove();
    listener.onConnected();
    for (const event of events) if (!ended()) listener.onEvent(event);
  }
}

/** The embed page's nonce lives for a short time: the page itself has a new one. */
async function freshNonce() {
  const page = await (await fetch(location.href, { cache: "no-store" })).text();
  return /data-embed-nonce="([^"]+)/.exec(page)?.[1];
}

/**
 * To another visitor the earlier conversation does not belong; the question goes along.
 *
 * @param {import("./conversation.js").Conversation} talk
 */
export function estrange(talk) {
  const { pending } = talk;
  const text = pending && talk.drop(pending);
  Object.assign(talk, { id: null, title: "", turns: [], before: "" });
  if (!pending) return;
  Object.assign(pending, talk.ask(text ?? "", pending.key, pending.at));
  talk.turns[1] = pending;
}

/** @typedef {<T>(coming: Promise<T>) => Promise<T>} Still throws when the identity has changed */

/**
 * Another token for the same visitor.
 *
 * @param {import("./link.js").Link} link
 * @param {import("./memory.js").Memory} memory
 * @param {Partial<import("./settings.js").Settings>} settings a token that somebody gave to the page: nobody
 *   else may take its place
 * @param {Still} still
 * @returns {Promise<boolean>} false: the server knows none, and what was kept of the visit is gone
 */
export async function refreshed(link, memory, { token: given, previewToken }, still) {
  const { token: old = "" } = memory.recall();
  const renewed = await still(link.request(REFRESH, { i: { widgetToken: old } }, ""));
  const { widgetToken: token, expiresAt, code, message } = renewed;
  if (code === "RATE_LIMITED") throw new Problem("lost", message, code);
  link.close();
  const { token: now } = memory.recall();
  if (!now) throw new Problem("lost"); // another tab has ended the visit
  if (now !== old) return true; // another tab was faster
  if (token) memory.keep({ token, expiresAt });
  else if (given || previewToken) throw new Problem("refused", message, code);
  else memory.keep({ token: "", conversationId: null, cursor: "" });
  return Boolean(token);
}

/**
 * @param {string | null | undefined} token a JWT; nothing of it is believed here, it only tells two
 *   visitors of this browser apart, and when to renew it
 * @returns {{user_id?: string, exp?: number}}
 */
function claimsOf(token) {
  try {
    const claims = String(token).split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    return JSON.parse(atob(claims));
  } catch {
    return {};
  }
}

/** @param {string | null} [token] */
export const userOf = (token) => claimsOf(token).user_id ?? null;

/**
 * Begins the visit of somebody whom the page names, or of the embed page.
 *
 * @param {Partial<import("./settings.js").Settings>} settings
 * @param {import("./memory.js").Memory} memory
 * @param {(more: object) => Promise<any>} start
 * @param {Still} still
 * @returns {Promise<[any, (string | null)?] | null>} what the server said, and who it is; null: the
 *   page's server has begun it
 */
export async function beginAs(settings, memory, start, still) {
  const { getToken, userId, token, previewToken, embedNonce } = settings;
  if (token) return memory.keep(madeElsewhere(token)) ?? null;
  if (previewToken) {
    const started = await start({ previewToken });
    // It cannot be renewed, so there is no time at which it should be.
    return [{ ...started, expiresAt: "9999-12-31" }, previewToken];
  }
  const identityToken = await still(Promise.resolve(getToken?.()));
  const user = identityToken && (userId ?? userOf(identityToken));
  const started = await start({ identityToken, embedNonce });
  if (!started.code || !embedNonce) return [started, user];
  return [await start({ identityToken, embedNonce: await freshNonce() }), user];
}

/** @param {string} token a widget token that the page's server made */
const madeElsewhere = (token) => ({
  token,
  expiresAt: new Date((claimsOf(token).exp ?? 0) * 1000).toISOString(),
});
