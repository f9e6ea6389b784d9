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
  /**
   * Whom this page speaks for, null being a stranger: what was kept for anybody else is not read.
   * Undefined until the page has said it; nothing is read or kept then.
   *
   * @type {string | null | undefined}
   */
  user;
  name;
  /** @type {Kept} */
  #own = {};
  /** Storage is blocked or full, and #own is newer. */
  #alone = false;

  /** @param {string} name of what is kept */
  constructor(name) {
    this.name = name;
  }

  /** @returns {Kept} */
  recall() {
    let kept = this.#own;
    try {
      if (!this.#alone) kept = JSON.parse(localStorage.getItem(this.name) ?? "{}");
    } catch {
      // Blocked: #own has it.
    }
    return this.isMine(kept) ? kept : {};
  }

  /** @param {Kept} kept */
  isMine(kept) {
    return (kept.user ?? null) === this.user;
  }

  /** @param {Kept} news */
  keep(news) {
    const { user } = this;
    if (user === undefined) return;
    this.#own = { ...this.recall(), ...news, user };
    try {
      localStorage.setItem(this.name, JSON.stringify(this.#own));
      this.#alone = false;
    } catch {
      this.#alone = true;
    }
  }

  forget() {
    this.#own = {};
    try {
      localStorage.removeItem(this.name);
      sessionStorage.removeItem(this.name);
    } catch {
      // Then there is nothing to forget.
    }
  }

  /** @param {"open" | "busy" | "closed"} state for the next page in this tab */
  keepState(state) {
    try {
      sessionStorage.setItem(this.name, state);
    } catch {
      // The next page begins with a closed widget.
    }
  }
}
