/** The panel on the screen: header, conversation, composer, and the two lists beside them. */

import { h, icons } from "./dom.js";
import { TurnView, tool } from "./turn_view.js";

/** @typedef {import("./conversation.js").Turn} Turn */

/**
 * @typedef {object} Actions
 * @property {() => void} close
 * @property {(text: string) => void} ask
 * @property {() => void} stop
 * @property {(use: (side: import("./side.js").Side) => unknown) => void} beside with what few
 *   visitors need
 */

/** How near the end somebody must be for the end to be kept in sight, in pixels. */
const NEAR_END = 60;
const LONGEST_QUESTION_CHARACTERS = 4_000;

/**
 * Whether a key belongs to a Japanese or Chinese word that is being composed. Safari has ended the
 * composition by the time it tells of the Enter or Escape that ended it.
 *
 * @param {KeyboardEvent} event
 */
export const composes = (event) => event.isComposing || event.keyCode === 229;

export class View {
  /** @type {Map<string, TurnView>} */
  #turns = new Map();
  #around;
  #actions;
  /** @type {import("./announcer.js").Announcer | undefined} once there is something to announce */
  announcer;
  #frame = 0;
  /** @type {Turn[]} */
  #shown = [];
  #busy = false;
  /** @type {string | null} */
  #blocked = null;

  /**
   * @param {import("./turn_view.js").Around} around
   * @param {Actions} actions
   */
  constructor(around, actions) {
    const { t } = around;
    this.#around = around;
    this.#actions = actions;
    this.titles = { history: t("history"), menu: t("menu"), failed: t("failed") };
    this.region = h("div", {
      class: "unseen",
      role: "log",
      "aria-live": "polite",
      "aria-label": t("answer"),
    });
    this.status = h("p", { class: "status", role: "status" });
    this.list = h("div", { class: "turns" });
    this.welcome = h("div", { class: "welcome" });
    this.log = h(
      "div",
      { class: "log", part: "log", role: "group", "aria-label": t("conversation"), tabIndex: 0 },
      this.welcome,
      this.list,
    );
    this.starters = h("div", { class: "starters", role: "group", "aria-label": t("suggestions") });
    this.gate = h("div", { class: "gate" });
    this.question = h("textarea", {
      rows: 1,
      dir: "auto",
      autocomplete: "off",
      enterKeyHint: "send",
      "aria-label": t("yourMessage"),
      input: () => this.#measure(),
      keydown: (/** @type {KeyboardEvent} */ event) => this.#onKey(event),
    });
    this.send = tool(icons.send, t("send"));
    Object.assign(this.send, { type: "submit", className: "send" });
    this.send.part.add("send");
    this.stop = tool(icons.stop, t("stop"), () => this.#onStop());
    this.stop.className = "send";
    this.stop.hidden = true;
    this.problem = h("p", { class: "problem", role: "alert" });
    this.form = h(
      "form",
      {
        class: "composer",
        part: "composer",
        submit: (/** @type {Event} */ event) => this.#onSubmit(event),
      },
      this.question,
      this.send,
      this.stop,
    );
    this.branding = h("p", { class: "branding" });
    this.main = h(
      "div",
      { class: "main" },
      this.log,
      this.region,
      this.starters,
      this.status,
      this.problem,
      this.gate,
      this.form,
    );
    this.name = h("bdi");
    this.heading = h("h2", { tabIndex: -1, id: "name" }, this.name);
    this.avatar = h("span", { class: "avatar", "aria-hidden": "true" });
    this.closer = tool(icons.close, t("close"), () => actions.close());
    this.header = h(
      "header",
      { part: "header" },
      this.avatar,
      h("div", { class: "title" }, this.heading, h("p", {}, t("about"))),
      tool(icons.history, t("history"), () => actions.beside((side) => side.showHistory())),
      tool(icons.menu, t("menu"), () => actions.beside((side) => side.showMenu())),
      this.closer,
    );
    this.panel = h(
      "section",
      { class: "panel", part: "panel", role: "dialog", "aria-labelledby": "name" },
      this.header,
      this.main,
      this.branding,
    );
  }

  /** Name, texts and picture, now and whenever a new configuration comes. */
  dress() {
    const { t, configuration } = this.#around;
    const { name, logoUrl, showBranding, texts } = configuration();
    this.name.textContent = name;
    this.avatar.replaceChildren(
      logoUrl
        ? h("img", { src: logoUrl, alt: "", referrerPolicy: "no-referrer" })
        : ([...name][0] ?? ""),
    );
    this.question.placeholder = texts.placeholder || t("placeholder");
    this.branding.hidden = !showBranding;
    this.branding.textContent = t("powered", "Parlance");
  }

  /** @param {string | null} greeting */
  greet(greeting) {
    const { t } = this.#around;
    const notice = h("p", { class: "notice", part: "notice" }, t("notice"));
    const bubble =
      greeting &&
      h("div", { class: "turn theirs" }, h("div", { class: "bubble", part: "bubble" }, greeting));
    this.welcome.replaceChildren(notice, bubble || "");
  }

  /** @param {string[]} questions */
  offer(questions) {
    const ask = (/** @type {string} */ question) => () => {
      this.question.focus({ preventScroll: true });
      this.#actions.ask(question);
    };
    this.starters.replaceChildren(
      ...questions.map((question) =>
        h("button", { dir: "auto", part: "starter", click: ask(question) }, question),
      ),
    );
    this.starters.hidden = !questions.length;
  }

  /** @param {Turn[]} turns */
  show(turns) {
    const near = this.#nearEnd;
    this.#shown = turns;
    for (const [key, view] of this.#turns) {
      if (turns.some((turn) => turn.key === key)) continue;
      view.element.remove();
      this.#turns.delete(key);
    }
    for (const [at, turn] of turns.entries()) {
      const view = this.#turns.get(turn.key) ?? new TurnView(turn, this.#around);
      this.#turns.set(turn.key, view);
      view.update(at === turns.length - 1);
      if (this.list.children[at] !== view.element)
        this.list.insertBefore(view.element, this.list.children[at] ?? null);
    }
    if (near) this.toEnd();
  }

  /**
   * Draws at most once per picture of the screen, however many words come.
   *
   * @param {Turn} turn
   */
  grow(turn) {
    this.#frame ||= requestAnimationFrame(() => this.#draw(turn));
    if (turn.status !== "QUEUED" && turn.status !== "STREAMING") this.#draw(turn);
  }

  /** @param {Turn} turn */
  #draw(turn) {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const view = this.#turns.get(turn.key);
    if (!view) return;
    const near = this.#nearEnd;
    view.update(this.#shown.at(-1) === turn);
    this.announcer?.hear(view.spoken, turn.status !== "STREAMING" && turn.status !== "QUEUED");
    if (near) this.toEnd();
  }

  get #nearEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.log;
    return scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
  }

  /** @param {string} text the line above the composer; "" is nothing to say */
  say(text) {
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  /** @param {boolean} busy an answer is under way */
  setBusy(busy) {
    const { activeElement } = /** @type {ShadowRoot} */ (this.panel.getRootNode());
    this.#busy = busy;
    this.send.hidden = busy;
    this.stop.hidden = !busy;
    this.stop.disabled = false;
    if (activeElement === this.stop || activeElement === this.send) this.question.focus();
  }

  /**
   * Something stands where the composer was: a text to agree to, or the reason why nobody answers.
   *
   * @param {string | null} reason null gives the composer back
   * @param {boolean} [canAgree]
   */
  block(reason, canAgree = false) {
    const changes = this.#blocked !== reason;
    this.#blocked = reason;
    const isBlocked = reason !== null;
    this.form.hidden = isBlocked;
    this.gate.hidden = !isBlocked;
    this.starters.hidden = isBlocked || !this.starters.childElementCount;
    if (isBlocked && changes) this.#actions.beside((side) => side.block(reason, canAgree));
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key !== "Enter" || event.shiftKey || composes(event)) return;
    this.#onSubmit(event);
  }

  /** @param {Event} event */
  #onSubmit(event) {
    event.preventDefault();
    const text = this.question.value.trim();
    if (!text || this.#busy || this.#blocked !== null || !this.#measure()) return;
    this.question.value = "";
    this.#measure();
    this.question.focus();
    this.#actions.ask(text);
  }

  #onStop() {
    this.question.focus(); // a button that is switched off loses the focus to nowhere
    this.stop.disabled = true;
    this.#actions.stop();
  }

  /** @returns {boolean} whether the question is short enough */
  #measure() {
    const field = this.question;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
    const surplus = [...field.value].length - LONGEST_QUESTION_CHARACTERS;
    this.problem.textContent = surplus > 0 ? this.#around.t("tooLong", surplus) : "";
    field.setAttribute("aria-invalid", String(surplus > 0));
    return surplus <= 0;
  }
}
