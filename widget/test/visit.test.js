import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { Window } from "happy-dom";
import * as more from "../src/fallback.js";
import { Link } from "../src/link.js";
import { Memory } from "../src/memory.js";
import { Visit } from "../src/visit.js";

const DAYS_MS = 86_400_000;
const later = (days = 30) => new Date(Date.now() + days * DAYS_MS).toISOString();

/** @type {[string, any][]} what was asked, and with what */
let asked = [];
/** How the next request of that name is answered. @type {Record<string, (input: any) => any>} */
let answers = {};

const http = createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  const { query, variables } = JSON.parse(body);
  const name = /\{(\w+)/.exec(query)?.[1] ?? "";
  asked.push([name, variables.i]);
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ data: { [name]: await answers[name](variables.i) } }));
});

let apiUrl = "";
before(async () => {
  await new Promise((listening) => http.listen(0, "127.0.0.1", () => listening(null)));
  apiUrl = `http://127.0.0.1:${/** @type {any} */ (http.address()).port}`;
});
after(() => {
  http.close();
});
beforeEach(() => {
  const { localStorage, sessionStorage } = new Window({ url: "https://shop.example/" });
  for (const [name, value] of Object.entries({ localStorage, sessionStorage }))
    Object.defineProperty(globalThis, name, { value, configurable: true });
  asked = [];
  answers = {
    startVisit: () => ({ widgetToken: "started", expiresAt: later(), conversation: null }),
  };
});

/** @param {Partial<import("../src/settings.js").Settings>} settings */
function visitOf(settings) {
  const memory = new Memory("parlance");
  const shared = /** @type {any} */ ({ apiUrl });
  const link = new Link(
    shared,
    async () => more,
    () => visit.token,
    () => {},
  );
  const visit = new Visit(
    settings,
    memory,
    link,
    () => ({}),
    () => {},
  );
  return { visit, memory };
}

test("what comes too often is tried again later with the same token", async () => {
  const { visit, memory } = visitOf({});
  memory.keep({ token: "mine", expiresAt: later() });
  answers.refreshWidgetToken = () => ({ code: "RATE_LIMITED", message: "Too often." });
  await assert.rejects(visit.renew(), { kind: "lost" });
  assert.equal(visit.token, "mine");
});

test("of two tabs that renew at once the slower one takes the faster one's token", async () => {
  const { visit, memory } = visitOf({});
  memory.keep({ token: "old", expiresAt: later() });
  const { memory: other } = visitOf({});
  answers.refreshWidgetToken = () => {
    other.keep({ token: "newer", expiresAt: later() });
    return { code: "TOKEN_REVOKED", message: "It was replaced." };
  };
  assert.equal(await visit.renew(), null);
  assert.equal(visit.token, "newer");
  assert.deepEqual(
    asked.map(([name]) => name),
    ["refreshWidgetToken"],
  );
});

test("a visit that was forgotten while it was renewed stays forgotten", async () => {
  const { visit, memory } = visitOf({});
  memory.keep({ token: "old", expiresAt: later() });
  answers.refreshWidgetToken = () => {
    memory.forget();
    return { widgetToken: "renewed", expiresAt: later() };
  };
  await assert.rejects(visit.renew(), { kind: "lost" });
  assert.equal(visit.token, "");
});

test("a token that comes after its visitor has gone is nobody's", async () => {
  /** @type {any} */
  const settings = { getToken: async () => "signed", userId: "ada" };
  const { visit, memory } = visitOf(settings);
  answers.startVisit = async () => {
    Object.assign(settings, { getToken: undefined, userId: undefined });
    visit.identify();
    return { widgetToken: "ada's", expiresAt: later(), conversation: null };
  };
  await assert.rejects(visit.ensure(), { kind: "lost" });
  assert.deepEqual(memory.recall(), {});
  answers.startVisit = () => ({ widgetToken: "a stranger's", expiresAt: later() });
  await visit.ensure();
  assert.equal(visit.token, "a stranger's");
});

test("until the page has said who it is, nothing of anybody is read", async () => {
  visitOf({ getToken: async () => "x", userId: "ada" }).memory.keep({ token: "ada's" });
  const claims = btoa(JSON.stringify({ user_id: "ada" }));
  for (const [says, token] of [
    [async () => `head.${claims}.signature`, "ada's"],
    [async () => null, ""],
    [() => Promise.reject(new Error("down")), ""],
  ]) {
    const { visit } = visitOf({ getToken: /** @type {any} */ (says) });
    assert.equal(visit.token, "");
    await visit.known;
    assert.equal(visit.token, token);
  }
});

/** @param {number} days */
function widgetToken(days) {
  const claims = { exp: Math.floor((Date.now() + days * DAYS_MS) / 1000) };
  return `head.${btoa(JSON.stringify(claims))}.signature`;
}

test("a token that the page's server made is used instead of beginning a visit", async () => {
  const token = widgetToken(30);
  const { visit, memory } = visitOf({ token });
  await visit.ensure();
  assert.equal(visit.token, token);
  assert.deepEqual(asked, []);
  answers.refreshWidgetToken = () => ({ widgetToken: "renewed", expiresAt: later() });
  await visit.renew();
  memory.keep({ conversationId: "c" });
  const again = visitOf({ token });
  await again.visit.ensure();
  assert.equal(again.visit.token, "renewed", "the page still has the first one");
  const other = visitOf({ token: widgetToken(31) });
  assert.deepEqual(other.memory.recall(), {}, "another visitor");
});

test("in the place of a given token that is refused comes no stranger", async () => {
  const { visit } = visitOf({ token: widgetToken(30) });
  await visit.ensure();
  answers.refreshWidgetToken = () => ({ code: "TOKEN_REVOKED", message: "It has ended." });
  await assert.rejects(visit.renew(), { kind: "refused", code: "TOKEN_REVOKED" });
  assert.deepEqual(
    asked.map(([name]) => name),
    ["refreshWidgetToken"],
  );
});
