// A browser's page around a program, as far as the guide's project needs one: a document, storage,
// locks, and a network in which parlance.example is the server under test. Loaded first.
//
// A program gets its values as one JSON argument and tells what happens as JSON, a line each.

import { Window } from "happy-dom";
import { WebSocket as NodeSocket } from "ws";

export const given = JSON.parse(process.argv[2]);

/** Tells the test something, in order. */
export function tell(kind, value = null) {
  process.stdout.write(`${JSON.stringify({ kind, value })}\n`);
}

/** Every request body that left, and every socket's close code. */
export const requests = [];
export const closes = [];

const window = new Window({ url: `${given.origin}/` });
const names = [
  "document",
  "localStorage",
  "Event",
  "FormData",
  "HTMLElement",
  "HTMLIFrameElement",
  "Node",
];
for (const name of names) define(name, window[name]);
define("window", window);
define("navigator", { locks: { request: oneByOne }, userAgent: "a test" });

// React resets a form after its action. In a browser an output keeps its text then.
const { reset } = window.HTMLFormElement.prototype;
window.HTMLFormElement.prototype.reset = function () {
  for (const output of this.querySelectorAll("output")) output.defaultValue = output.textContent;
  reset.call(this);
};

window.addEventListener("error", ({ error }) => fail(error));
process.on("unhandledRejection", fail);

const nodeFetch = globalThis.fetch;
globalThis.fetch = (address, init = {}) => {
  requests.push(init.body);
  const headers = { ...Object.fromEntries(new Headers(init.headers)), origin: given.origin };
  return nodeFetch(resolved(address, given.server), { ...init, headers });
};

globalThis.WebSocket = class extends NodeSocket {
  constructor(address, protocols) {
    super(resolved(address, given.server.replace("http", "ws")), protocols, {
      origin: given.origin,
    });
    this.addEventListener("close", ({ code }) => {
      closes.push(code);
      tell("closed", code);
    });
  }
};

function resolved(address, server) {
  const url = new URL(address);
  if (url.host !== "parlance.example") throw new Error(`nobody knows ${url.host}`);
  return `${server}${url.pathname}${url.search}`;
}

/** What navigator.locks does in one tab. */
let last = Promise.resolve();
function oneByOne(_name, work) {
  const mine = last.then(() => work());
  last = mine.catch(() => null);
  return mine;
}

function fail(error) {
  console.error(error);
  process.exit(1);
}

function define(name, value) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

/** Waits until a condition holds; looks again whenever the page or the network may have moved. */
export async function until(condition) {
  for (;;) {
    const found = condition();
    if (found) return found;
    await new Promise((again) => setTimeout(again, 10));
  }
}
