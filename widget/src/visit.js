/** Who the visitor is to the server: a widget token, got late, renewed in time, forgotten on request. */

import { START } from "./documents.js";
import { Problem } from "./problem.js";

/** A token is renewed when it has less than this to live: a day. */
const RENEWAL_MS = 86_400_000;

/** @typedef {import("./fallback.js").Still} Still */

export class Visit {
  #settings;
  #memory;
  #link;
  /** @type {() => Record<string, unknown>} */
  #more;
  #onStranger;
  /** @type {Promise<any> | null} */
  #starting = null;
  /** Fulfils when `memory.user` is known; another one for each identity. */
  known = Promise.resolve();

  /**
   * @param {Partial<import("./settings.js").Settings>} settings
   * @param {import("./memory.js").Memory} memory
   * @param {import("./link.js").Link} link
   * @param {() => Record<string, unknown>} more of StartVisitInput: page, language, consent
   * @param {(estrange: typeof import("./fallback.js").estrange) => void} onStranger what was said before belongs to somebody else
   */
  constructor(settings, memory, link, more, onStranger) {
    this.#settings = settings;
    this.#memory = memory;
    this.#link = link;
    this.#more = more;
    this.#onStranger = onStranger;
    this.identify();
  }

  get token() {
    return this.#memory.recall().token ?? "";
  }

  /**
   * Lets the page say whose visit this is; `memory.user` is that as soon as it is known.
   *
   * @returns {Promise<void>}
   */
  identify() {
    const { getToken, userId, token, previewToken } = this.#settings;
    const user = previewToken ?? token ?? (getToken ? userId : null);
    this.#memory.user = user;
    this.#starting = null;
    this.known = user === undefined ? this.#askPage(getToken) : Promise.resolve();
    return this.known;
  }

  /** @param {import("./settings.js").Settings["getToken"]} [getToken] */
  async #askPage(getToken) {
    // Whoever cannot be asked is nobody that anything was kept for.
    const asked = Promise.all([this.#link.fallback(), getToken?.()]);
    const user = await asked.then(([{ userOf }, told]) => userOf(told)).catch(() => "");
    if (getToken === this.#settings.getToken) this.#memory.user ??= user;
  }

  /**
   * Sees to it that there is a good token.
   *
   * @returns {Promise<any>} StartVisitSuccess if a visit began just now
   * @throws {Problem}
   */
  async ensure() {
    await this.known;
    const { token, expiresAt = "" } = this.#memory.recall();
    const left = Date.parse(expiresAt) - Date.now();
    if (token && left > RENEWAL_MS) return null;
    return token ? this.renew() : this.#once((still) => this.#start(still));
  }

  /**
   * A token for the same visitor, or, if the server knows none, another visit: StartVisitSuccess.
   *
   * @returns {Promise<any>}
   */
  renew() {
    return this.#once((still) => this.#renewed(still));
  }

  /** @param {(still: Still) => Promise<any>} begin */
  #once(begin) {
    const identified = this.known;
    // What comes for an identity that the page has changed since then belongs to nobody here.
    const still = async (/** @type {Promise<any>} */ coming) => {
      const value = await coming;
      if (identified !== this.known) throw new Problem("lost");
      return value;
    };
    this.#starting ??= begin(still).finally(() => {
      if (identified === this.known) this.#starting = null;
    });
    return this.#starting;
  }

  /** @param {Still} still */
  async #renewed(still) {
    const { estrange, refreshed } = await this.#link.fallback();
    if (await refreshed(this.#link, this.#memory, this.#settings, still)) return null;
    const started = await this.#start(still);
    this.#onStranger(estrange);
    return started;
  }

  /** @param {Still} still */
  async #start(still) {
    const settings = this.#settings;
    const { chatbot, getToken, token, previewToken, embedNonce } = settings;
    const input = { embedKey: chatbot, ...this.#more() };
    const start = (/** @type {object} */ more) =>
      still(this.#link.request(START, { i: { ...input, ...more } }, ""));
    const named = getToken || token || previewToken || embedNonce;
    const beginAs = named && (await still(this.#link.fallback())).beginAs;
    const begun = beginAs ? await beginAs(settings, this.#memory, start, still) : [await start({})];
    if (!begun) return null;
    const [started, user] = begun;
    const { code, message, widgetToken, expiresAt, conversation } = started;
    if (code) throw new Problem(code === "RATE_LIMITED" ? "lost" : "refused", message, code);
    this.#memory.user = user ?? null;
    this.#memory.keep({
      token: widgetToken,
      expiresAt,
      conversationId: conversation?.id ?? null,
    });
    return started;
  }
}
