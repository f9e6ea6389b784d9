/** One question or answer on the screen. */

import { drawing, h, icons } from "./dom.js";
import { blocksOf, build, link } from "./markdown.js";

/** @typedef {import("./conversation.js").Turn} Turn */

/**
 * @typedef {object} TurnActions
 * @property {(turn: Turn) => void} retry
 * @property {(use: (side: import("./side.js").Side) => unknown) => void} use what is loaded for it
 */

/**
 * @typedef {object} Around what a turn needs to know of the widget
 * @property {import("./speech.js").Speech} t
 * @property {string} language
 * @property {import("./speech.js").Phrase[]} [phrases]
 * @property {() => import("./settings.js").Configuration} configuration
 * @property {TurnActions} actions
 */

export class TurnView {
  #turn;
  #around;
  #bubble = h("div", { class: "bubble", part: "bubble" });
  #step = h("span");
  #typing;
  below = h("div", { class: "below" });
  #drawn = "";

  /**
   * @param {Turn} turn
   * @param {Around} around
   */
  constructor(turn, around) {
    const { t, configuration } = around;
    const mine = turn.sender === "VISITOR";
    this.#turn = turn;
    this.#around = around;
    this.#typing = h("p", { class: "typing" }, h("i"), h("i"), h("i"), this.#step);
    this.element = h(
      "article",
      {
        class: `turn ${mine ? "mine" : "theirs"}`,
        part: mine ? "question" : "answer",
        "aria-label": mine ? t("you") : configuration().name,
      },
      this.#bubble,
      this.#typing,
      this.below,
    );
    this.update(false);
  }

  /** What the bubble says, without its marks. */
  get spoken() {
    return Array.from(this.#bubble.children, (block) => block.textContent).join("\n");
  }

  /** @param {boolean} last whether it is the last one, which can be answered anew */
  update(last) {
    const turn = this.#turn;
    const busy = turn.status === "QUEUED" || turn.status === "STREAMING";
    if (turn.sender === "VISITOR") {
      this.#bubble.textContent = turn.text;
    } else this.#drawAnswer();
    this.#bubble.hidden = !turn.text;
    this.#typing.hidden = !busy || Boolean(turn.text);
    this.#step.textContent = turn.step || this.#around.t("thinking");
    this.element.classList.toggle("busy", busy);
    const drawn = JSON.stringify([
      turn.status,
      turn.id,
      turn.rating,
      turn.failure,
      turn.at,
      last,
      turn.citations.length,
    ]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const focused = this.#controls().findIndex((control) => control.matches(":focus"));
    this.below.replaceChildren(...(busy ? [] : this.#drawBelow(last)));
    if (focused >= 0) this.#controls()[focused]?.focus();
  }

  /** @returns {HTMLElement[]} */
  #controls() {
    return [...this.below.querySelectorAll("button")];
  }

  #drawAnswer() {
    const { text, citations } = this.#turn;
    const context = {
      citations,
      imageHosts: this.#around.configuration().allowedImageHosts,
      newTab: this.#around.t("newTab"),
    };
    const blocks = blocksOf(text);
    const bubble = this.#bubble;
    for (const [at, source] of blocks.entries()) {
      const there = /** @type {any} */ (bubble.children[at]);
      const state = `${citations.length} ${source}`;
      if (there?.state === state) continue;
      const node = Object.assign(build(source, context), { state });
      if (there) there.replaceWith(node);
      else bubble.append(node);
    }
    while (bubble.children.length > blocks.length) bubble.lastChild?.remove();
  }

  /** @param {boolean} last */
  #drawBelow(last) {
    const turn = this.#turn;
    const { t } = this.#around;
    const time = this.#time();
    if (turn.sender === "VISITOR") return [h("p", { class: "meta" }, time)];
    const failed = turn.status === "FAILED";
    return [
      ...this.#sources(),
      failed && this.#failure(),
      h(
        "div",
        { class: "meta" },
        time,
        turn.status === "STOPPED" && h("span", {}, t("stopped")),
        !failed && turn.text && this.#buttons(last),
      ),
    ].filter((node) => node !== false);
  }

  #time() {
    const { at } = this.#turn;
    const date = new Date(at);
    const today = date.toDateString() === new Date().toDateString();
    /** @type {Intl.DateTimeFormatOptions} */
    const form = today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
    const text = at ? new Intl.DateTimeFormat(this.#around.language, form).format(date) : "";
    return h("time", { dateTime: at ? date.toISOString() : "" }, text);
  }

  #failure() {
    const { failure } = this.#turn;
    const { t, actions } = this.#around;
    const retry = () => actions.retry(this.#turn);
    return h(
      "div",
      { class: "failure", role: "alert" },
      h("p", { dir: "auto" }, failure?.text || t("failed")),
      failure?.retryable !== false && h("button", { class: "soft", click: retry }, t("retry")),
    );
  }

  #sources() {
    const { citations } = this.#turn;
    const { t } = this.#around;
    if (!citations.length) return [];
    const items = citations.map((cited) => {
      const { sourceTitle: title, anchorUrl, url, quote, number } = cited;
      const context = { citations: [], imageHosts: [], newTab: t("newTab") };
      const named = link(anchorUrl ?? url ?? "", [title], title, context) ?? title;
      return h(
        "li",
        { value: number },
        h("b", { dir: "auto" }, named),
        h("q", { dir: "auto" }, quote),
      );
    });
    const summary = h("summary", {}, t("sources", citations.length));
    return [h("details", { class: "sources", part: "sources" }, summary, h("ol", {}, ...items))];
  }

  /** @param {boolean} last */
  #buttons(last) {
    const turn = this.#turn;
    const { t, actions } = this.#around;
    const rate = (/** @type {"UP" | "DOWN"} */ rating) =>
      actions.use((side) => side.rate(turn, rating, this.below));
    return h(
      "div",
      { class: "tools" },
      tool(icons.copy, t("copy"), ({ currentTarget }) =>
        actions.use((side) => side.copy(turn, /** @type {HTMLElement} */ (currentTarget))),
      ),
      tool(icons.good, t("good"), () => rate("UP"), turn.rating === "UP"),
      turned(tool(icons.good, t("bad"), () => rate("DOWN"), turn.rating === "DOWN")),
      last && tool(icons.again, t("again"), () => actions.use((side) => side.again(turn))),
    );
  }
}

/**
 * The same drawing upside down.
 *
 * @param {HTMLElement} button
 */
function turned(button) {
  button.classList.add("turned");
  return button;
}

/**
 * @param {string} icon
 * @param {string} label
 * @param {(event: Event) => void} click
 * @param {boolean} [pressed] of a switch
 */
export function tool(icon, label, click, pressed) {
  const properties = { class: "tool", title: label, "aria-label": label, click };
  const state = pressed === undefined ? {} : { "aria-pressed": String(pressed) };
  return h("button", { ...properties, ...state }, drawing(icon));
}
