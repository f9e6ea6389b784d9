/**
 * What stands beside the conversation: the list of the visitor's conversations, and the menu.
 *
 * Loaded when somebody opens one of them; what it is built with comes from the panel, which has it.
 */

import { MESSAGES, mutation } from "./documents.js";
import english from "./languages/en_side.js";
import { localesOf } from "./locale.js";
import { replace } from "./merging.js";
import { Past } from "./past.js";
import sideCss from "./side.css";

const icons = {
  back: "M14 6l-6 6 6 6",
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

export class Side {
  #panel;
  #view;
  #around;
  #lent;
  #link;
  #place;
  #back;
  #t;
  #asksAgain = false;

  /**
   * @param {import("./panel.js").Panel} panel
   * @param {typeof import("./markdown.js").link} link
   */
  constructor(panel, link) {
    const { around, lent, view } = panel;
    this.#panel = panel;
    this.past = new Past(panel);
    this.#view = view;
    this.#around = around;
    this.#lent = lent;
    this.#t = lent.speech(
      around.language,
      english,
      around.phrases?.slice(-Object.keys(english).length),
    );
    this.#link = link;
    this.#place = lent.h("div", { class: "side", hidden: true });
    view.main.after(this.#place);
    this.#back = lent.tool(icons.back, this.#t("back"), () => this.showMain());
    this.#back.hidden = true;
    view.header.prepend(this.#back);
    const properties = { class: "soft older", click: () => panel.use(() => this.earlier()) };
    const older = lent.h("button", properties, this.#t("earlier"));
    view.log.prepend(older);
    around.drawn = () => {
      older.hidden = !panel.talk.before;
    };
    around.drawn();
    panel.wear(sideCss);
  }

  /**
   * @param {string} title
   * @param {...(Node | string)} content
   */
  #turnTo(title, ...content) {
    const { main, avatar } = this.#view;
    const heading = this.#lent.h("h3", { tabIndex: -1 }, title);
    this.#place.replaceChildren(heading, ...content);
    this.#place.hidden = this.#back.hidden = false;
    main.hidden = avatar.hidden = true;
    heading.focus();
  }

  showMain() {
    const { main, avatar, question } = this.#view;
    this.#place.hidden = this.#back.hidden = true;
    main.hidden = avatar.hidden = false;
    question.focus();
  }

  async showHistory() {
    const t = this.#t;
    const { h } = this.#lent;
    const panel = this.#panel;
    const { edges } = panel.visit.token ? await this.past.call(LIST, {}) : { edges: [] };
    const items = edges.map((/** @type {{node: Talk}} */ { node }) =>
      this.#talk(node, node.id === panel.talk.id),
    );
    const list = items.length ? h("ul", {}, ...items) : h("p", { class: "notice" }, t("empty"));
    this.#turnTo(this.#view.titles.history, this.#beginner(), list);
  }

  #beginner() {
    const { h, drawing } = this.#lent;
    const begin = () => {
      this.showMain();
      this.#panel.begin();
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
    const { h, tool } = this.#lent;
    const panel = this.#panel;
    const locales = localesOf(this.#around.language);
    const date = new Intl.DateTimeFormat(locales, { dateStyle: "medium" });
    const chosen = () => {
      this.showMain();
      this.#choose(talk.id);
    };
    const remove = async () => {
      await this.past.call(REMOVE, { i: { id: talk.id } });
      if (talk.id === panel.talk.id) panel.begin();
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
    const { h } = this.#lent;
    const field = h("input", {
      value: talk.title,
      maxLength: 200,
      dir: "auto",
      "aria-label": t("title"),
    });
    const submit = async (/** @type {Event} */ event) => {
      event.preventDefault();
      const title = field.value.trim();
      if (title) await this.past.call(RENAME, { i: { id: talk.id, title } });
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
    const { h } = this.#lent;
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
    const { h } = this.#lent;
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
    if (!this.#panel.visit.token) {
      const nothing = this.#lent.h("p", { class: "notice", role: "status" }, this.#t("empty"));
      return place.replaceChildren(nothing);
    }
    const { download } = await this.past.call(EXPORT, { i: {} });
    const file = this.#lent.h(
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
    const panel = this.#panel;
    const erase = async () => {
      if (panel.visit.token) await this.past.call(ERASE, { i: {} });
      panel.reset();
      panel.memory.forget();
      this.showMain();
      this.#view.say(t("erased"));
    };
    this.#confirm(place, t("reallyErase"), () => erase().catch(tell));
  }

  async earlier() {
    const panel = this.#panel;
    const { log } = this.#view;
    const { id, before } = panel.talk;
    const { scrollHeight, scrollTop } = log;
    const found = await this.past.call(MESSAGES, { c: id, b: before });
    if (!found || panel.talk.id !== id) return;
    this.past.take(found, true);
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
    const panel = this.#panel;
    const shown = panel.talk;
    if (shown.pending || this.#asksAgain) return;
    this.#asksAgain = true;
    this.#view.question.focus();
    const input = { messageId: old.id, idempotencyKey: this.#lent.newKey() };
    const { messageId } = await this.past.call(REGENERATE, { i: input }).finally(() => {
      this.#asksAgain = false;
    });
    if (panel.talk !== shown || shown.pending) return;
    const answer = replace(shown, old, messageId, Date.now());
    panel.draw();
    await panel.follow(answer);
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
    place.querySelector(".why")?.remove();
    this.#panel.draw();
    if (rating === "DOWN") this.#askWhy(turn, place);
    try {
      await this.past.call(RATE, { i: { messageId: turn.id, rating } });
    } catch (error) {
      turn.rating = before;
      this.#panel.draw();
      throw error;
    }
  }

  /**
   * @param {Turn} turn
   * @param {HTMLElement} place
   */
  #askWhy(turn, place) {
    const t = this.#t;
    const { h } = this.#lent;
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
      const panel = this.#panel;
      const input = { messageId: turn.id, rating: "DOWN", comment };
      this.past.call(RATE, { i: input }).catch((error) => panel.sayWhy(error));
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

  /** @param {string} id */
  #choose(id) {
    const panel = this.#panel;
    if (id === panel.talk.id || panel.talk.pending) return;
    panel.show({ id });
    return this.past.sync();
  }

  /**
   * What stands where the composer was: how to reach people too, unless it can be agreed to.
   *
   * @param {string} reason
   * @param {boolean} canAgree
   */
  block(reason, canAgree) {
    const { h } = this.#lent;
    const t = this.#t;
    const agree = h("button", { class: "solid", click: () => this.#agree() }, t("agree"));
    const more = canAgree ? [agree] : this.#contact();
    this.#view.gate.replaceChildren(h("p", { dir: "auto" }, reason || t("unavailable")), ...more);
  }

  async #agree() {
    const panel = this.#panel;
    await panel.visit.known;
    panel.memory.keep({ consent: panel.configuration.texts.consentText ?? "" });
    panel.draw();
    this.#view.question.focus();
    await panel.connect(Boolean(panel.element.settings.getToken));
  }

  #contact() {
    const { contactEmail, contactUrl, texts } = this.#around.configuration();
    const context = { citations: [], imageHosts: [], newTab: "" };
    const links = [contactUrl, contactEmail && `mailto:${contactEmail}`].map(
      (address) =>
        address && this.#link(address, [address.replace(/^mailto:/, "")], address, context),
    );
    const known = [texts.contactText, ...links].filter(Boolean);
    if (!known.length) return [];
    const { h } = this.#lent;
    const heading = h("b", {}, this.#t("contact"));
    return [h("div", { class: "contact" }, heading, ...known.map((part) => h("p", {}, part)))];
  }
}
