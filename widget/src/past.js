/** The conversation as the server has it: asked for by visitors who come back or use a second tab. */

import { MESSAGES } from "./documents.js";
import { merge } from "./merging.js";
import { Problem } from "./problem.js";

export class Past {
  #panel;

  /** @param {import("./panel.js").Panel} panel */
  constructor(panel) {
    this.#panel = panel;
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

  /** The chatbot was published anew. */
  async configure() {
    const panel = this.#panel;
    await panel.element.configure("no-cache").catch(() => null);
    panel.element.dress();
    panel.draw();
  }

  /** Makes the conversation what the server says it is. */
  async sync() {
    const panel = this.#panel;
    const { id } = panel.talk;
    const found = await this.call(MESSAGES, { c: id });
    if (panel.talk.id !== id) return;
    if (found) this.take(found, false);
    else panel.leave();
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
}
