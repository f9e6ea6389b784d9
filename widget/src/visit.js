/** Who the visitor is to the server: a widget token, got late, renewed in time, forgotten on request. */

import { REFRESH, START } from "./documents.js";
import { Problem } from "./problem.js";

/** A token is renewed when it has less than this to live: a day. */
const RENEWAL_MS = 86_400_000;

export class Visit {
  #settings;
  #memory;
  #link;
  /** @type {() => Record<string, unknown>} */
  #more;
  #onStranger;
  /** @type {Promise<any> | null} */
  #starting = null;

  /**
   * @param {Partial<import("./settings.js").Settings>} settings
   * @param {import("./memory.js").Memory} memory
   * @param {import("./link.js").Link} link
   * @param {() => Record<string, unknown>} more of StartVisitInput: page, language, consent
   * @param {() => void} onStranger what was said before belongs to somebody else
   */
  constructor(settings, memory, link, more, onStranger) {
    this.#settings = settings;
    this.#memory = memory;
    this.#link = link;
    this.#more = more;
    this.#onStranger = onStranger;
  }

  get token() {
    return this.#memory.read().token ?? "";
  }

  /** Forgets a visit that belongs to somebody else; true if there was one. */
  async recognise() {
    const { token, user } = this.#memory.read();
    if (!token) return false;
    const mine = this.#settings.getToken
      ? (this.#settings.userId ?? (await this.#userOf(await this.#settings.getToken())))
      : null;
    if ((user ?? null) === mine) return false;
    this.#memory.forget();
    return true;
  }

  /** @param {string | null} token */
  async #userOf(token) {
    return (await this.#link.fallback()).userOf(token);
  }

  /**
   * Sees to it that there is a good token.
   *
   * @returns {Promise<any>} StartVisitSuccess if a visit began just now
   * @throws {Problem}
   */
  ensure() {
    const { token, expiresAt = "" } = this.#memory.read();
    const left = Date.parse(expiresAt) - Date.now();
    if (token && left > RENEWAL_MS) return Promise.resolve(null);
    return token ? this.renew() : this.#once(() => this.#start());
  }

  /**
   * A token for the same visitor, or, if the server knows none, another visit: StartVisitSuccess.
   *
   * @returns {Promise<any>}
   */
  renew() {
    return this.#once(() => this.#renewed());
  }

  /** @param {() => Promise<any>} begin unless it has been begun */
  #once(begin) {
    this.#starting ??= begin().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  async #renewed() {
    const renewed = await this.#link.request(REFRESH, { i: { widgetToken: this.token } }, "");
    this.#link.close();
    if (!renewed.widgetToken) {
      this.#memory.keep({ token: "", conversationId: null, cursor: "" });
      const started = await this.#start();
      this.#onStranger();
      return started;
    }
    const { widgetToken: token, expiresAt } = renewed;
    this.#memory.keep({ token, expiresAt });
    return null;
  }

  async #start() {
    const { chatbot, getToken, userId } = this.#settings;
    const identityToken = await getToken?.();
    const input = {
      embedKey: chatbot,
      identityToken,
      ...this.#more(),
    };
    let started = await this.#link.request(START, { i: input }, "");
    if (started.code && "embedNonce" in input) {
      const embedNonce = await (await this.#link.fallback()).freshNonce();
      started = await this.#link.request(START, { i: { ...input, embedNonce } }, "");
    }
    if (started.code) throw new Problem("refused", started.message, started.code);
    const { widgetToken: token, expiresAt, conversation } = started;
    const user = identityToken ? (userId ?? (await this.#userOf(identityToken))) : null;
    this.#memory.keep({ token, expiresAt, user, conversationId: conversation?.id ?? null });
    return started;
  }
}
