/**
 * What survives a reload of this tab. Nothing is kept before the visitor has asked something.
 *
 * @typedef {object} Remembered
 * @property {import("./visit.js").Visit} visit
 * @property {string | null} conversationId
 * @property {import("./following.js").Question | null} question the one whose answer is under way
 */

export class Memory {
  #name;

  /** @param {string} embedKey */
  constructor(embedKey) {
    this.#name = `parlance-demo:${embedKey}`;
  }

  /** @returns {Remembered | null} null also when the visit is over by now */
  recall() {
    try {
      const remembered = JSON.parse(sessionStorage.getItem(this.#name) ?? "null");
      return Date.parse(remembered?.visit.expiresAt) > Date.now() ? remembered : null;
    } catch {
      return null;
    }
  }

  /** @param {Remembered} remembered */
  keep(remembered) {
    try {
      sessionStorage.setItem(this.#name, JSON.stringify(remembered));
    } catch {
      // Storage may be switched off or full: then a reload begins anew, and that is all.
    }
  }
}
