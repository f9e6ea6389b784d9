/** What stands below a question or an answer: its time, its sources, and what can be done with it. */

import { localesOf } from "./locale.js";
import { link } from "./markdown.js";

/** @typedef {import("./conversation.js").Turn} Turn */

const icons = {
  copy: "M9 9h10v10H9zM5 15V5h10",
  good: "M7 10v9H4v-9zM7 10l4-6c2 0 2.5 1.5 2 3l-.5 2.5H18c1.5 0 2 1 1.8 2l-1.3 5.5c-.3 1.2-1 2-2.2 2H7",
  again: "M19 8a8 8 0 1 0 1 6M20 4v5h-5",
};

/** @typedef {ReturnType<typeof import("./speech.js").speech<typeof import("./languages/en_later.js").default>>} Speech */

/**
 * @param {string} language
 * @param {Speech} t
 * @param {import("./panel.js").Panel["lent"]} lent
 * @param {(use: (side: import("./side.js").Side) => unknown) => void} use
 * @returns {NonNullable<import("./turn_view.js").Around["drawBelow"]>}
 */
export function belowWith(language, t, { h, tool }, use) {
  /** @param {number} at milliseconds since 1970 */
  const timeOf = (at) => {
    const date = new Date(at);
    const today = date.toDateString() === new Date().toDateString();
    /** @type {Intl.DateTimeFormatOptions} */
    const form = today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
    const text = at ? new Intl.DateTimeFormat(localesOf(language), form).format(date) : "";
    return h("time", { dateTime: at ? date.toISOString() : "" }, text);
  };

  /** @param {Turn} turn */
  const sourcesOf = ({ citations }) => {
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
    const toggle = (/** @type {any} */ { target }) => target.scrollIntoView({ block: "nearest" });
    const properties = { class: "sources", part: "sources", toggle };
    return [h("details", properties, summary, h("ol", {}, ...items))];
  };

  /**
   * @param {Turn} turn
   * @param {boolean} last
   * @param {HTMLElement} place
   */
  const toolsFor = (turn, last, place) => {
    const rate = (/** @type {"UP" | "DOWN"} */ rating) =>
      use((side) => side.rate(turn, rating, place));
    const bad = tool(icons.good, t("bad"), () => rate("DOWN"), turn.rating === "DOWN");
    bad.classList.add("turned"); // the same drawing upside down
    return h(
      "div",
      { class: "tools" },
      tool(icons.copy, t("copy"), ({ currentTarget }) =>
        use((side) => side.copy(turn, /** @type {HTMLElement} */ (currentTarget))),
      ),
      tool(icons.good, t("good"), () => rate("UP"), turn.rating === "UP"),
      bad,
      last && tool(icons.again, t("again"), () => use((side) => side.again(turn))),
    );
  };

  /** @param {Turn} turn */
  const isBusy = ({ status }) => status === "QUEUED" || status === "STREAMING";

  /**
   * @param {Turn} turn
   * @param {boolean} last
   * @param {HTMLElement} below
   */
  const partsOf = (turn, last, below) => {
    const time = timeOf(turn.at);
    if (turn.sender === "VISITOR") return [h("p", { class: "meta" }, time)];
    const place = /** @type {HTMLElement} */ (below.parentElement);
    const stopped = turn.status === "STOPPED" && h("span", {}, t("stopped"));
    const useful = turn.status !== "FAILED" && turn.text && toolsFor(turn, last, place);
    return [...sourcesOf(turn), h("div", { class: "meta" }, time, stopped, useful)];
  };

  return (turn, last, below, failure) => {
    const buttons = () => [...below.querySelectorAll("button")];
    const focused = buttons().findIndex((button) => button.matches(":focus"));
    below.replaceChildren(...failure, ...(isBusy(turn) ? [] : partsOf(turn, last, below)));
    if (focused >= 0) buttons()[focused]?.focus();
  };
}
