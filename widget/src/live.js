/** What happens to the visitor's conversations in other tabs and on other devices, as it happens. */

import { VISIT } from "./documents.js";
import { POLL } from "./link.js";

/** @typedef {import("./problem.js").Problem} Problem */

export class Live {
  #panel;
  #beside;
  /** @type {AbortSignal | null} of the visitor whose news are heard */
  #heard = null;
  /** Something happened that could not be looked at yet, as while a question had no name. */
  #wanted = false;

  /**
   * @param {import("./panel.js").Panel} panel
   * @param {import("./later.js").Later["beside"]} beside
   */
  constructor(panel, beside) {
    this.#panel = panel;
    this.#beside = beside;
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

  /** Makes the conversation what the server says it is. */
  async sync() {
    const panel = this.#panel;
    const { pending, id } = panel.talk;
    const nameless = pending && !pending.id;
    this.#wanted = !!nameless && panel.followed.has(pending.key);
    if (nameless || !id) return;
    try {
      await this.#beside((side) => side.past.sync());
      if (!pending) panel.view.say(""); // what was said of an attempt before
    } catch (error) {
      this.#wanted = true;
      panel.sayWhy(error);
    }
  }

  /**
   * Follows what happens to the visitor's conversations elsewhere, for as long as the page lives.
   *
   * @param {boolean} syncs whether something may have happened before there is anything to follow
   */
  async watch(syncs) {
    const { lent, link, memory, visit, reign } = this.#panel;
    const { signal } = reign;
    if (this.#heard === signal) return;
    this.#heard = signal;
    for (let losses = 0; !signal.aborted; ) {
      try {
        await visit.ensure();
        const variables = { a: memory.recall().cursor || null };
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
      await lent.pause(lent.pauseAfter(losses++), signal);
    }
  }

  /** @param {any} event */
  #hear({ cursor, kind, conversationId, messageId }) {
    const panel = this.#panel;
    const { talk } = panel;
    panel.memory.keep({ cursor });
    panel.element.emit("visit", { kind, conversationId });
    const here = conversationId === talk.id;
    if (kind === "CONFIGURATION_PUBLISHED")
      this.#beside((side) => side.past.configure()).catch(() => null);
    else if (kind === "QUESTION_ASKED") {
      const known = talk.turns.some((turn) => turn.id === messageId);
      // While an answer is followed the news may be of its question, in a conversation left since.
      if (!known && (here || !(talk.id || panel.followed.size))) {
        talk.id ??= conversationId;
        this.sync();
      }
    } else if (here && kind === "CONVERSATION_DELETED") panel.leave();
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
  return !key || (!!before.token && !(after.token && memory.isMine(after)));
}
