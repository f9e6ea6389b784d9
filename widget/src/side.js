/**
 * What stands beside the conversation: the list of the visitor's conversations, and the menu.
 *
 * Loaded when somebody opens one of them; what it is built with comes from the panel, which has it.
 */

import { MESSAGES, mutation } from "./documents.js";
import english from "./languages/en_side.js";
import sideCss from "./side.css";
import { speech } from "./speech.js";

const icons = {
  rename: "M5 19l1-4L16 5l3 3L9 18z",
  remove: "M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12",
  add: "M12 5v14M5 12h14",
};

const RENAME = mutation("renameConversation");
const REMOVE = mutation("deleteConversation");
const EXPORT = mutation("exportVisitor", "download{url}");
const ERASE = mutation("eraseVisitor");
const REGENERATE = mutation("regenerateAnswer", "messageId");
const RATE = mutation("rateAnswer");
const LIST = "{conversations(first:50){edges{node{id title lastMessageAt}}}}";

/** @typedef {import("./conversation.js").Turn} Turn */
/** @typedef {{id: string, title: string, lastMessageAt: string}} Talk */

/**
 * @typedef {object} SideActions
 * @property {(document: string, variables: Record<string, unknown>) => Promise<any>} call
 * @property {() => boolean} known whether there is a visitor to ask about
 * @property {() => import("./conversation.js").Conversation} talk the one that is shown
 * @property {(found: any, earlier: boolean) => void} adopt
 * @property {(answer: Turn) => Promise<void>} follow
 * @property {() => void} draw
 * @property {(error: unknown) => void} sayWhy
 * @property {() => void} begin a new conversation
 * @property {(id: string) => void} choose
 * @property {() => void} forget this visitor, who was erased
 */

export class Side {
  #view;
  #language;
  #configuration;
  #t;
  #actions;
  #dom;
  #asksAgain = false;

  /**
   * @param {import("./view.js").View} view
   * @param {import("./turn_view.js").Around} around
   * @param {SideActions} actions
   * @param {Pick<typeof import("./dom.js"), "h" | "drawing"> & Pick<typeof import("./turn_view.js"), "tool"> & Pick<typeof import("./markdown.js"), "link"> & {newKey: () => string}} dom
   */
  constructor(view, around, actions, dom) {
    this.#view = view;
    this.#language = around.language;
    this.#configuration = around.configuration;
    this.#t = speech(around.language, english, around.phrases?.slice(-Object.keys(english).length));
    this.#actions = actions;
    this.#dom = dom;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(sideCss);
    const root = /** @type {ShadowRoot} */ (view.panel.getRootNode());
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  }

  /**
   * @param {string} title
   * @param {...(Node | string)} content
   */
  #turnTo(title, ...content) {
    const { side, main, back, avatar } = this.#view;
    const heading = this.#dom.h("h3", { tabIndex: -1 }, title);
    side.replaceChildren(heading, ...content);
    side.hidden = back.hidden = false;
    main.hidden = avatar.hidden = true;
    heading.focus();
  }

  async showHistory() {
    const t = this.#t;
    const { h } = this.#dom;
    const { call, known, talk } = this.#actions;
    const { edges } = known() ? await call(LIST, {}) : { edges: [] };
    const items = edges.map((/** @type {{node: Talk}} */ { node }) =>
      this.#talk(node, node.id === talk().id),
    );
    const list = items.length ? h("ul", {}, ...items) : h("p", { class: "notice" }, t("empty"));
    this.#turnTo(this.#view.titles.history, this.#beginner(), list);
  }

  #beginner() {
    const { h, drawing } = this.#dom;
    const begin = () => {
      this.#view.showMain();
      this.#actions.begin();
    };
    const label = this.#t("newChat");
    const properties = { class: "row strong", click: begin };
    return h("button", properties, drawing(icons.add), label);
  }

  /**
   * @param {Talk} talk
   * @param {boolean} isCurrent
   */
  #talk(talk, isCurrent) {
    const t = this.#t;
    const { h, tool } = this.#dom;
    const { call, choose, talk: shown, begin } = this.#actions;
    const date = new Intl.DateTimeFormat(this.#language, { dateStyle: "medium" });
    const chosen = () => {
      this.#view.showMain();
      choose(talk.id);
    };
    const remove = async () => {
      await call(REMOVE, { i: { id: talk.id } });
      if (talk.id === shown().id) begin();
      await this.showHistory();
    };
    const erase = () => this.#confirm(item, t("reallyRemove"), remove);
    const item = h(
      "li",
      {},
      h(
        "button",
        { class: "row", "aria-current": isCurrent && "true", click: chosen },
        h("span", { dir: "auto" }, talk.title),
        h("time", {}, date.format(new Date(talk.lastMessageAt))),
      ),
      tool(icons.rename, `${t("rename")}: ${talk.title}`, () => this.#rename(item, talk)),
      tool(icons.remove, `${t("remove")}: ${talk.title}`, erase),
    );
    return item;
  }

  /**
   * @param {HTMLElement} item
   * @param {Talk} talk
   */
  #rename(item, talk) {
    const t = this.#t;
    const { h } = this.#dom;
    const field = h("input", {
      value: talk.title,
      maxLength: 200,
      dir: "auto",
      "aria-label": t("title"),
    });
    const submit = async (/** @type {Event} */ event) => {
      event.preventDefault();
      const title = field.value.trim();
      if (title) await this.#actions.call(RENAME, { i: { id: talk.id, title } });
      await this.showHistory();
    };
    const save = h("button", { type: "submit", class: "soft" }, t("save"));
    item.replaceChildren(h("form", { class: "why", submit }, field, save));
    field.select();
    field.focus();
  }

  /**
   * Asks once more, where the answer is given.
   *
   * @param {HTMLElement} place
   * @param {string} question
   * @param {() => void} yes
   */
  #confirm(place, question, yes) {
    const t = this.#t;
    const { h } = this.#dom;
    const before = [...place.childNodes];
    const back = () => place.replaceChildren(...before);
    const no = h("button", { class: "soft", click: back }, t("cancel"));
    const sure = h("button", { class: "soft danger", click: yes }, t("remove"));
    const properties = { class: "sure", role: "group", "aria-label": question };
    place.replaceChildren(h("div", properties, h("p", {}, question), sure, no));
    no.focus();
  }

  showMenu() {
    const t = this.#t;
    const { h } = this.#dom;
    const place = h("div");
    /** @param {Error} error */
    const tell = (error) =>
      place.replaceChildren(h("p", { role: "alert" }, error.message || this.#view.titles.failed));
    /**
     * @param {"exportData" | "eraseData"} key
     * @param {() => void} click
     */
    const row = (key, click) => h("button", { class: "row", click }, t(key));
    this.#turnTo(
      this.#view.titles.menu,
      this.#beginner(),
      row("exportData", () => this.#export(place).catch(tell)),
      row("eraseData", () => this.#erase(place, tell)),
      place,
      ...this.#contact(),
    );
  }

  /** @param {HTMLElement} place */
  async #export(place) {
    const { download } = await this.#actions.call(EXPORT, { i: {} });
    const file = this.#dom.h(
      "a",
      {
        href: download.url,
        class: "row strong",
        target: "_blank",
        rel: "noopener noreferrer",
      },
      this.#t("download"),
    );
    place.replaceChildren(file);
    file.focus();
  }

  /**
   * @param {HTMLElement} place
   * @param {(error: Error) => void} tell
   */
  #erase(place, tell) {
    const t = this.#t;
    const erase = async () => {
      await this.#actions.call(ERASE, { i: {} });
      this.#actions.forget();
      this.#view.showMain();
      this.#view.say(t("erased"));
    };
    this.#confirm(place, t("reallyErase"), () => erase().catch(tell));
  }

  async earlier() {
    const { call, talk, adopt } = this.#actions;
    const { log } = this.#view;
    const { id, before } = talk();
    const { scrollHeight, scrollTop } = log;
    const found = await call(MESSAGES, { c: id, b: before });
    if (!found || talk().id !== id) return;
    adopt(found, true);
    log.scrollTop = scrollTop + log.scrollHeight - scrollHeight;
  }

  /**
   * @param {Turn} turn
   * @param {HTMLElement} button
   */
  async copy({ text }, button) {
    await navigator.clipboard.writeText(text);
    button.title = this.#t("copied");
    button.setAttribute("aria-label", button.title);
  }

  /** @param {Turn} old */
  async again(old) {
    const { call, talk, follow, draw } = this.#actions;
    const shown = talk();
    if (shown.pending || this.#asksAgain) return;
    this.#asksAgain = true;
    this.#view.question.focus();
    const input = { messageId: old.id, idempotencyKey: this.#dom.newKey() };
    const { messageId } = await call(REGENERATE, { i: input }).finally(() => {
      this.#asksAgain = false;
    });
    if (talk() !== shown || shown.pending) return;
    const answer = shown.replace(old, messageId, Date.now());
    draw();
    await follow(answer);
  }

  /**
   * @param {Turn} turn
   * @param {"UP" | "DOWN"} chosen the same once more takes it back
   * @param {HTMLElement} place for the question why
   */
  async rate(turn, chosen, place) {
    const before = turn.rating;
    const rating = before === chosen ? null : chosen;
    turn.rating = rating;
    this.#actions.draw();
    if (rating === "DOWN") this.#askWhy(turn, place);
    try {
      await this.#actions.call(RATE, { i: { messageId: turn.id, rating } });
    } catch (error) {
      turn.rating = before;
      this.#actions.draw();
      throw error;
    }
  }

  /**
   * @param {Turn} turn
   * @param {HTMLElement} place
   */
  #askWhy(turn, place) {
    const t = this.#t;
    const { h } = this.#dom;
    const label = t("comment");
    const field = h("textarea", {
      rows: 2,
      maxLength: 2000,
      dir: "auto",
      placeholder: label,
      "aria-label": label,
    });
    const submit = (/** @type {Event} */ event) => {
      event.preventDefault();
      const comment = field.value.trim();
      const { call, sayWhy } = this.#actions;
      call(RATE, { i: { messageId: turn.id, rating: "DOWN", comment } }).catch(sayWhy);
      form.replaceWith(h("p", { class: "meta", role: "status" }, t("thanks")));
      this.#view.question.focus();
    };
    const form = h(
      "form",
      { class: "why", submit },
      field,
      h("button", { type: "submit", class: "soft" }, t("save")),
    );
    place.append(form);
    field.focus({ preventScroll: true });
    form.scrollIntoView({ block: "nearest" });
  }

  /** How to reach people, if the chatbot says so: where nobody answers here. */
  showContact() {
    const { gate } = this.#view;
    gate.querySelector(".contact")?.remove(); // the gate may have been drawn twice meanwhile
    gate.append(...this.#contact());
  }

  #contact() {
    const { contactEmail, contactUrl, texts } = this.#configuration();
    const context = { citations: [], imageHosts: [], newTab: "" };
    const links = [contactUrl, contactEmail && `mailto:${contactEmail}`].map(
      (address) =>
        address && this.#dom.link(address, [address.replace(/^mailto:/, "")], address, context),
    );
    const known = [texts.contactText, ...links].filter(Boolean);
    if (!known.length) return [];
    const { h } = this.#dom;
    const heading = h("b", {}, this.#t("contact"));
    return [h("div", { class: "contact" }, heading, ...known.map((part) => h("p", {}, part)))];
  }
}
