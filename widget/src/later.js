/**
 * What begins with the first answer, loaded while that one is thought of: Markdown, what stands below
 * an answer, saying it to people who hear the page, and the news of other tabs.
 */

import { Announcer } from "./announcer.js";
import { answersWith } from "./answer.js";
import { belowWith } from "./below.js";
import english from "./languages/en_later.js";
import laterCss from "./later.css";
import { Live } from "./live.js";
import { link } from "./markdown.js";

/** @typedef {import("./panel.js").Panel} Panel */

/** An answer to a question of so long ago is still news, in milliseconds. */
const RECENT_MS = 60_000;

export class Later {
  #panel;
  #live;
  /** @type {Promise<import("./side.js").Side> | undefined} */
  #side;

  /** @param {Panel} panel */
  constructor(panel) {
    const { around, lent, view } = panel;
    this.#panel = panel;
    this.#live = new Live(panel, (use) => this.beside(use));
    panel.wear(laterCss);
    const { language, phrases } = around;
    const t = lent.speech(language, english, phrases?.slice(lent.spoken));
    around.drawBelow = belowWith(language, t, lent, (use) => panel.use(() => this.beside(use)));
    around.drawAnswer = answersWith(around, t);
    view.announcer = new Announcer(view.region, language);
    panel.draw();
    const last = panel.talk.turns.at(-1);
    // A quick answer may have been faster than this file: it is said all the same.
    if (last?.sender === "BOT" && Date.now() - last.at < RECENT_MS) view.grow(last);
  }

  /** @param {boolean} syncs whether to look at once for what the server has */
  attend(syncs) {
    this.#live.watch(syncs);
    return this.#live.catchUp(syncs);
  }

  /** @param {(side: import("./side.js").Side) => unknown} use what few visitors need */
  async beside(use) {
    const panel = this.#panel;
    this.#side ??= panel.element.seldom().then(({ Side }) => new Side(panel, link));
    this.#side.catch(() => {
      this.#side = undefined;
    });
    await use(await this.#side);
  }
}
