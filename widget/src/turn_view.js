/** One question or answer on the screen. */

import { drawing, h } from "./dom.js";

/** @typedef {import("./conversation.js").Turn} Turn */

/**
 * @typedef {object} Around what a turn needs to know of the widget
 * @property {import("./speech.js").Speech} t
 * @property {string} language
 * @property {import("./speech.js").Phrase[]} [phrases]
 * @property {() => import("./settings.js").Configuration} configuration
 * @property {(turn: Turn) => void} retry
 * @property {(turn: Turn, last: boolean, below: HTMLElement, failure: Node[]) => void} [drawBelow] what
 *   stands below it, once that is loaded
 * @property {(turn: Turn, bubble: HTMLElement) => void} [drawAnswer] the same of Markdown
 * @property {() => void} [drawn] after the conversation was drawn
 */

export class TurnView {
  #turn;
  #around;
  #bubble = h("div", { class: "bubble", part: "bubble" });
  #step = h("span");
  #typing;
  #below = h("div", { class: "below" });
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
      this.#below,
    );
    this.update(false);
  }

  /** What the bubble says, without its marks. */
  get spoken() {
    const { children, textContent } = this.#bubble;
    return Array.from(children, (block) => block.textContent).join("\n") || textContent || "";
  }

  /** @param {boolean} last whether it is the last one, which can be answered anew */
  update(last) {
    const turn = this.#turn;
    const busy = turn.status === "QUEUED" || turn.status === "STREAMING";
    if (turn.sender === "VISITOR") this.#bubble.textContent = turn.text;
    else this.#drawAnswer();
    this.#bubble.hidden = !turn.text;
    this.#typing.hidden = !busy || Boolean(turn.text);
    this.#step.textContent = turn.step || this.#around.t("thinking");
    const lasting = { ...turn, text: "", step: "", seq: 0 };
    const drawn = JSON.stringify([lasting, last, !this.#around.drawBelow]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const failure = turn.status === "FAILED" ? [this.#failure()] : [];
    const { drawBelow } = this.#around;
    if (drawBelow) drawBelow(turn, last && !busy, this.#below, failure);
    else this.#below.replaceChildren(...failure);
  }

  /** Until it can be drawn as what it is, it is shown as the text that it is. */
  #drawAnswer() {
    const { drawAnswer } = this.#around;
    if (drawAnswer && !this.#bubble.firstElementChild) this.#bubble.textContent = "";
    if (drawAnswer) drawAnswer(this.#turn, this.#bubble);
    else this.#bubble.textContent = this.#turn.text;
  }

  #failure() {
    const { failure } = this.#turn;
    const { t, retry } = this.#around;
    const click = () => retry(this.#turn);
    return h(
      "div",
      { class: "failure", role: "alert" },
      h("p", { dir: "auto" }, failure?.text || t("failed")),
      failure?.retryable !== false && h("button", { class: "soft", click }, t("retry")),
    );
  }
}

/**
 * @param {string} icon
 * @param {string} label
 * @param {(event: Event) => void} [click]
 * @param {boolean} [pressed] of a switch
 */
export function tool(icon, label, click, pressed) {
  const properties = { class: "tool", title: label, "aria-label": label, click };
  const state = pressed === undefined ? {} : { "aria-pressed": String(pressed) };
  return h("button", { ...properties, ...state }, drawing(icon));
}
