/**
 * What survives a reload. Nothing is kept before the visitor has acted, and where storage is
 * blocked or full it lives as long as the page.
 */

/** @typedef {import("./conversation.js").Turn} Turn */

/**
 * Shared by the tabs of one site.
 *
 * @typedef {object} Kept
 * @property {string} [token]
 * @property {string} [expiresAt]
 * @property {string | null} [user] whom the token speaks for; null: a stranger
 * @property {string | null} [conversationId]
 * @property {string} [consent] the text that was agreed to
 * @property {string} [cursor] of the last visit event
 * @property {{id: string | null, title: string, turns: Turn[]}} [talk] the last conversation
 */

export class Memory {
  #name;
  /** @type {Kept} */
  #own = {};

  /** @param {string} chatbot */
  constructor(chatbot) {
    this.#name = `parlance:${chatbot}`;
  }

  /** @returns {Kept} */
  read() {
    try {
      return JSON.parse(localStorage.getItem(this.#name) ?? "") ?? {};
    } catch {
      return this.#own;
    }
  }

  /** @param {Kept} news */
  keep(news) {
    this.#own = { ...this.read(), ...news };
    try {
      localStorage.setItem(this.#name, JSON.stringify(this.#own));
    } catch {
      // Blocked or full: #own has it.
    }
  }

  forget() {
    this.#own = {};
    try {
      localStorage.removeItem(this.#name);
      sessionStorage.removeItem(this.#name);
    } catch {
      // Then there is nothing to forget.
    }
  }

  /** @param {"open" | "busy" | "closed"} state for the next page in this tab */
  keepState(state) {
    try {
      sessionStorage.setItem(this.#name, state);
    } catch {
      // The next page begins with a closed widget.
    }
  }
}
