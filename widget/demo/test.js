/**
 * The test page's own script: it shows every event of the widget and plays a bad network.
 *
 * The network is taken away from the page's WebSocket and fetch, before the widget uses them, since
 * a page cannot switch off the browser's.
 */

import { NAMES } from "./texts.js";

const MOST_LINES = 500;
const EVENTS = [
  "ready",
  "open",
  "close",
  "question",
  "event",
  "answer",
  "visit",
  "unread",
  "transport",
  "error",
];

/**
 * @template {HTMLElement} [Kind=HTMLElement]
 * @param {string} id
 * @returns {Kind}
 */
const byId = (id) => /** @type {Kind} */ (document.getElementById(id));

const chatbot = /** @type {HTMLInputElement} */ (byId("chatbot"));
const language = /** @type {HTMLSelectElement} */ (byId("language"));
const events = byId("events");
/** @type {Set<WebSocket>} */
const sockets = new Set();
let offline = false;
let askedAt = 0;

const RealSocket = window.WebSocket;
window.WebSocket = class extends RealSocket {
  /**
   * @param {string | URL} address
   * @param {string | string[]} [protocols]
   */
  constructor(address, protocols) {
    super(address, protocols);
    sockets.add(this);
    this.addEventListener("close", () => sockets.delete(this));
    if (offline) this.close();
  }
};
const realFetch = window.fetch;
window.fetch = (...request) =>
  offline ? Promise.reject(new TypeError("The page plays offline.")) : realFetch(...request);

/**
 * @param {string} name
 * @param {unknown} detail
 */
function log(name, detail) {
  const line = document.createElement("li");
  const title = document.createElement("b");
  const time = new Date().toISOString().slice(11, 23);
  title.textContent = `${time} ${name} `;
  line.append(title, detail ? JSON.stringify(detail) : "");
  events.append(line);
  if (events.childElementCount > MOST_LINES) events.firstElementChild?.remove();
  events.scrollTop = events.scrollHeight;
}

/** @param {{__typename: string, seq: number, text?: string}} event */
function count({ __typename, seq, text = "" }) {
  byId("seq").textContent = String(seq);
  if (__typename === "AnswerRestarted") return countAnew();
  if (__typename !== "AnswerDelta") return;
  const pieces = byId("pieces");
  if (pieces.textContent === "0") {
    byId("first").textContent = `${Math.round(performance.now() - askedAt)} ms`;
  }
  pieces.textContent = String(Number(pieces.textContent) + 1);
  const characters = byId("characters");
  characters.textContent = String(Number(characters.textContent) + [...text].length);
}

function countAnew() {
  for (const id of ["pieces", "characters"]) byId(id).textContent = "0";
}

for (const name of EVENTS) {
  document.addEventListener(`parlance:${name}`, (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    log(name, detail);
    if (name === "event") count(detail);
    if (name === "transport") byId("transport").textContent = detail.way;
    if (name === "question") {
      askedAt = performance.now();
      countAnew();
    }
  });
}

/** @param {boolean} running */
function enable(running) {
  for (const id of ["open", "drop", "offline", "destroy"]) {
    /** @type {HTMLButtonElement} */ (byId(id)).disabled = !running;
  }
  /** @type {HTMLButtonElement} */ (byId("init")).disabled = running;
}

function setOffline(/** @type {boolean} */ wanted) {
  offline = wanted;
  byId("offline").setAttribute("aria-pressed", String(wanted));
  byId("offline").textContent = wanted ? "Go online" : "Go offline";
  if (wanted) for (const socket of sockets) socket.close();
  dispatchEvent(new Event(wanted ? "offline" : "online"));
  log(wanted ? "offline" : "online", null);
}

byId("init").addEventListener("click", () => {
  // After the "#" nothing is sent to a server: there a token may stand in an address.
  const previewToken = /^#preview=([\w.-]+)$/.exec(location.hash)?.[1];
  window.Parlance.init({
    chatbot: chatbot.value.trim() || "demo",
    ...(previewToken && { previewToken }),
    ...(language.value && { language: language.value }),
  });
  enable(true);
});
byId("open").addEventListener("click", () => window.Parlance.open());
byId("drop").addEventListener("click", () => {
  for (const socket of sockets) socket.close();
  log("socket dropped", null);
});
byId("offline").addEventListener("click", () => setOffline(!offline));
byId("destroy").addEventListener("click", () => {
  window.Parlance.destroy();
  enable(false);
});
byId("clear").addEventListener("click", () => events.replaceChildren());

chatbot.value = new URLSearchParams(location.search).get("chatbot") ?? "demo";
language.append(...Object.entries(NAMES).map(([code, name]) => new Option(name, code)));
