/** The conversation as the server has it, and what happens to it in other tabs and on other devices. */

import { MESSAGES, VISIT } from "./documents.js";
import { pause, pauseAfter } from "./following.js";
import { POLL } from "./link.js";
import { merge } from "./merging.js";
import { Problem } from "./problem.js";

export class Live {
  #panel;
  /** @type {AbortSignal | null} of the visitor whose news are heard */
  #heard = null;
  /** Something happened while a question had no name yet: look again once it has one. */
  #wanted = false;

  /** @param {import("./panel.js").Panel} panel */
  constructor(panel) {
    this.#panel = panel;
    const { memory, element } = panel;
    const onStorage = (/** @type {StorageEvent} */ event) => {
      if (isTaken(memory, event)) panel.reset();
    };
    addEventListener("storage", onStorage, element.ended);
  }

  /** @param {boolean} now */
  async catchUp(now) {
    if (now || this.#wanted) await this.sync();
  }

  /**
   * @param {string} query
   * @param {Record<string, unknown>} variables
   * @returns {Promise<any>}
   */
  async call(query, variables) {
    const { link, visit } = this.#panel;
    await visit.ensure();
    /** @param {Problem} problem */
    const again = async (problem) => {
      if (problem.kind !== "denied" || (await visit.renew())) throw problem;
      return link.request(query, variables);
    };
    const answer = await link.request(query, variables).catch(again);
    if (answer?.code && answer.message) throw new Problem("refused", answer.message, answer.code);
    return answer;
  }

  /** Makes the conversation what the server says it is. */
  async sync() {
    const panel = this.#panel;
    const { pending, id } = panel.talk;
    this.#wanted = Boolean(pending && !pending.id && panel.followed.has(pending.key));
    if (this.#wanted || !id || (pending && !pending.id)) return;
    try {
      const found = await this.call(MESSAGES, { c: id });
      if (panel.talk.id !== id) return;
      if (!found) return this.#gone();
      this.take(found, false);
    } catch (error) {
      panel.sayWhy(error);
    }
  }

  /**
   * @param {any} found a conversation with a page of its messages
   * @param {boolean} earlier
   */
  take({ title, messages: { pageInfo, edges } }, earlier) {
    const panel = this.#panel;
    const { talk } = panel;
    talk.title = title;
    const messages = edges.map((/** @type {any} */ edge) => edge.node);
    merge(talk, messages, earlier);
    talk.before = pageInfo.hasPreviousPage ? pageInfo.startCursor : "";
    panel.draw();
    panel.keep();
    if (talk.pending) panel.follow(talk.pending);
  }

  #gone() {
    this.#panel.followed.clear();
    this.#panel.begin();
  }

  /**
   * Follows what happens to the visitor's conversations elsewhere, for as long as the page lives.
   *
   * @param {boolean} syncs whether something may have happened before there is anything to follow
   */
  async watch(syncs) {
    const { link, memory, visit, reign } = this.#panel;
    const { signal } = reign;
    if (this.#heard === signal) return;
    this.#heard = signal;
    for (let losses = 0; !signal.aborted; ) {
      try {
        await visit.ensure();
        const variables = { a: memory.read().cursor || null };
        const take = (/** @type {any} */ event) => this.#hear(event);
        const accepted = () => {
          losses = 0;
          if (syncs && !variables.a) this.sync();
        };
        if (link.way !== POLL) await link.stream(VISIT, variables, take, signal, accepted);
      } catch (error) {
        const { kind, code } = /** @type {Problem} */ (error);
        if (code === "CURSOR_EXPIRED") {
          memory.keep({ cursor: "" });
          this.sync();
        }
        if (kind === "denied" && losses > 1) {
          this.#panel.connected = false; // the next question begins it anew
          this.#heard = null;
          return;
        }
        if (kind === "denied" && !this.#panel.talk.pending) await visit.renew().catch(() => null);
      }
      await pause(pauseAfter(losses++), signal);
    }
  }

  /** @param {any} event */
  #hear({ cursor, kind, conversationId, messageId }) {
    const panel = this.#panel;
    const { talk } = panel;
    panel.memory.keep({ cursor });
    panel.element.emit("visit", { kind, conversationId });
    const here = conversationId === talk.id;
    if (kind === "CONFIGURATION_PUBLISHED") this.#configure();
    else if (kind === "QUESTION_ASKED") {
      const known = talk.turns.some((turn) => turn.id === messageId);
      // While an answer is followed the news may be of its question, in a conversation left since.
      if (!known && (here || !(talk.id || panel.followed.size))) {
        talk.id ??= conversationId;
        this.sync();
      }
    } else if (here && kind === "CONVERSATION_DELETED") this.#gone();
  }

  async #configure() {
    const { element } = this.#panel;
    await element.configure("no-cache").catch(() => null);
    element.dress();
    this.#panel.draw();
  }
}

/**
 * Whether another tab has just taken away the visitor of this one.
 *
 * @param {import("./memory.js").Memory} memory
 * @param {Pick<StorageEvent, "key" | "oldValue" | "newValue">} event
 */
export function isTaken(memory, { key, oldValue, newValue }) {
  if (key !== null && key !== memory.name) return false;
  const [before, after] = [oldValue, newValue].map((text) => JSON.parse(text ?? "{}"));
  return !key || Boolean(before.token && !(after.token && memory.isMine(after)));
}
