import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { WebSocketServer } from "ws";
import { Conversation } from "../src/conversation.js";
import * as more from "../src/fallback.js";
import { follow, pauseAfter } from "../src/following.js";
import { Link } from "../src/link.js";

/**
 * A server that speaks the three protocols and fails as told; its answers are the pieces of TEXT.
 */
const TEXT = "The quick brown fox jumps over the lazy dog.".split(/(?<= )/);
const EVENTS = [
  { __typename: "AnswerStarted", seq: 1, conversationId: "c", questionId: "q", messageId: "m" },
  ...TEXT.map((text, at) => ({ __typename: "AnswerDelta", seq: at + 2, text })),
];
const LAST = {
  __typename: "AnswerCompleted",
  seq: EVENTS.length + 1,
  answer: {
    id: "m",
    sender: "BOT",
    status: "COMPLETE",
    content: TEXT.join(""),
    createdAt: "2026-11-21T10:00:00Z",
    questionId: "q",
    citations: [],
    suggestions: [],
    feedback: null,
  },
};
const ALL = [...EVENTS, LAST];

/** How it behaves: what it lets through, and after how many events each connection breaks. */
const faults = { sockets: true, streams: true, breaksAfter: Number.POSITIVE_INFINITY, deny: false };
/** @type {any[]} */
let asked = [];

/** @param {any} variables */
const rest = ({ i, s }) => ALL.filter(({ seq }) => seq > (i?.afterSeq ?? s ?? 0));

const http = createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  const { query, variables } = JSON.parse(body);
  asked.push([query.includes("askOnce") ? "askOnce" : query.slice(0, 12), variables]);
  if (request.headers.accept === "text/event-stream") {
    if (!faults.streams) return response.destroy();
    response.setHeader("content-type", "text/event-stream");
    const field = variables.i ? "ask" : "answer";
    for (const event of rest(variables).slice(0, faults.breaksAfter)) {
      const data = JSON.stringify({ data: { [field]: event } });
      // In two pieces, as networks cut them.
      response.write(`event: next\ndata: ${data.slice(0, 9)}`);
      response.write(`${data.slice(9)}\n\n`);
    }
    return response.end();
  }
  response.setHeader("content-type", "application/json");
  const data = query.includes("askOnce")
    ? {
        askOnce: {
          __typename: "AskOnceSuccess",
          conversationId: "c",
          questionId: "q",
          messageId: "m",
        },
      }
    : query.includes("answerEvents")
      ? { answerEvents: rest(variables).slice(0, 3) }
      : { __typename: "Query" };
  response.end(JSON.stringify({ data }));
});
const sockets = new WebSocketServer({ noServer: true });
http.on("upgrade", (request, socket, head) => {
  if (!faults.sockets) return socket.destroy();
  sockets.handleUpgrade(request, socket, head, (connection) => {
    connection.on("message", (data) => {
      const { id, type, payload } = JSON.parse(String(data));
      if (type === "connection_init" && faults.deny) return connection.close(4403, "TOKEN_REVOKED");
      if (type === "connection_init") connection.send('{"type":"connection_ack"}');
      if (type !== "subscribe") return;
      asked.push(["socket", payload.variables]);
      const field = payload.variables.i ? "ask" : "answer";
      const events = rest(payload.variables).slice(0, faults.breaksAfter);
      for (const event of events) {
        connection.send(
          JSON.stringify({ id, type: "next", payload: { data: { [field]: event } } }),
        );
      }
      if (events.at(-1) === LAST) connection.send(JSON.stringify({ id, type: "complete" }));
      else connection.terminate();
    });
  });
});

let address = "";
before(async () => {
  const { WebSocket } = await import("ws");
  Object.assign(globalThis, { WebSocket, addEventListener() {}, removeEventListener() {} });
  await new Promise((listening) => http.listen(0, "127.0.0.1", () => listening(null)));
  address = `http://127.0.0.1:${/** @type {any} */ (http.address()).port}`;
});
after(() => {
  for (const client of sockets.clients) client.terminate();
  http.close();
});

/**
 * @param {Partial<typeof faults>} told
 * @param {number} [abortAfter] the event with that number: then nobody wants the rest any more
 */
async function answerWith(told, abortAfter = Number.POSITIVE_INFINITY) {
  Object.assign(faults, { sockets: true, streams: true, breaksAfter: Infinity, deny: false }, told);
  asked = [];
  /** @type {string[]} */
  const ways = [];
  const link = new Link(
    /** @type {any} */ ({ apiUrl: address }),
    async () => more,
    () => "token",
    (way) => ways.push(way),
  );
  const talk = new Conversation();
  const answer = talk.ask("Well?", "key", 1);
  const stopping = new AbortController();
  /** @type {string[]} */
  const seen = [];
  const listener = {
    enter: async () => ({ text: "Well?", idempotencyKey: "key", conversationId: null }),
    onEvent(/** @type {any} */ event) {
      if (talk.take(answer, event)) seen.push(answer.text);
      if (event.seq >= abortAfter) stopping.abort();
    },
    onLost() {},
    onConnected() {},
  };
  await follow(link, answer, listener, stopping.signal).finally(() => link.close());
  return { answer, seen, ways };
}

test("an answer comes over a WebSocket", async () => {
  const { answer, ways } = await answerWith({});
  assert.equal(answer.text, TEXT.join(""));
  assert.deepEqual(ways, ["websocket"]);
});

test("connections that break after every second event lose and double nothing", async () => {
  const { answer, seen } = await answerWith({ breaksAfter: 2 });
  assert.equal(answer.text, TEXT.join(""));
  for (const [at, text] of seen.entries()) assert.ok(TEXT.join("").startsWith(text), `${at}`);
  assert.ok(asked.length > 3);
  assert.deepEqual(asked[0][1].i.afterSeq, 0);
  assert.deepEqual(asked[1][1], { m: "m", s: 2 }, "named once, it is followed and not asked again");
});

test("where no socket gets through, server-sent events do", async () => {
  const { answer, ways } = await answerWith({ sockets: false, breaksAfter: 4 });
  assert.equal(answer.text, TEXT.join(""));
  assert.deepEqual(ways, ["sse"]);
});

test("where no stream gets through, asking again and again does, and it is asked once", async () => {
  const { answer } = await answerWith({ sockets: false, streams: false });
  assert.equal(answer.text, TEXT.join(""));
  assert.equal(asked.filter(([what]) => what === "askOnce").length, 1);
});

for (const [way, told] of Object.entries({
  "a WebSocket": {},
  "server-sent events": { sockets: false },
  "asking again and again": { sockets: false, streams: false },
})) {
  test(`what nobody wants any more ends at once over ${way}`, async () => {
    const { answer } = await answerWith(told, 4);
    assert.deepEqual([answer.seq, answer.status], [4, "STREAMING"]);
    const polls = asked.filter(([what]) => what.startsWith("query($m"));
    assert.ok(polls.length <= 2, "it is not asked on");
  });
}

test("a token that is refused is not tried again", async () => {
  await assert.rejects(answerWith({ deny: true }), { kind: "denied" });
});

test("pauses double up to a limit, and chance spreads them", () => {
  for (let losses = 0; losses < 40; losses += 1) {
    const longest = Math.min(15_000, 400 * 2 ** losses);
    const pause = pauseAfter(losses);
    assert.ok(pause >= longest / 2 && pause <= longest, `${losses}: ${pause}`);
  }
});
