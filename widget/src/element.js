/**
 * `<parlance-chat>`: the launcher in a corner, a chat in the page's own flow, or a whole page.
 *
 * It survives being moved by frameworks that swap pages without a reload; `destroy` ends it, and so
 * does taking an inline one out of the page.
 */

import { contrast, css, LEAST_CONTRAST, parse, textOn } from "./contrast.js";
import { home, load } from "./files.js";
import launcherCss from "./launcher.css";
import { directionOf } from "./locale.js";
import { languageOf, looksOf } from "./settings.js";

/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./settings.js").Configuration} Configuration */
/** @typedef {import("./panel.js").Panel} Panel */
/** @typedef {ParlanceChat["shared"]} Shared */

/** The pause before the configuration is asked for again, in milliseconds; chance doubles it. */
const PAUSE_MS = 10_000;
/** A request that takes longer counts as lost, in milliseconds. */
const DEADLINE_MS = 15_000;
/** A page that takes the launcher out more often than this in a second does not want it. */
const MOST_RETURNS = 20;
/** From launcher to launcher in one corner. */
const SPACING_PX = 76;

/** What reading needs, for the panel too. */
const reading = { contrast, css, LEAST_CONTRAST, parse, textOn };
/** @type {import("./contrast.js").Rgb} */
const BLUE = [31, 79, 216];
const SVG = "http://www.w3.org/2000/svg";
const SPEECH = "M4 5h16v11H10l-5 4v-4H4z";

/** @param {string} attribute data-primary-color or primary-color */
const camel = (attribute) =>
  attribute.replace(/^data-/, "").replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());

export class ParlanceChat extends HTMLElement {
  /** @type {Set<ParlanceChat>} those that were shown and not destroyed */
  static all = new Set();

  /** @type {Partial<Settings>} */
  settings = {};
  /** @type {Configuration | undefined} */
  configuration;
  language = "en";
  /** Ends with the widget, and with it whatever the widget listens to. */
  ended = new AbortController();
  launcher = document.createElement("button");
  frame = document.createElement("div");

  #root = this.attachShadow({ mode: "open" });
  #style = new CSSStyleSheet();
  #badge = document.createElement("span");
  /** Why nothing opens, where that is so. */
  #word = document.createElement("p");
  #scheme = matchMedia("(prefers-color-scheme: dark)");
  #returns = 0;
  #second = 0;
  #begun = false;
  /** @type {() => void} */
  #onReady = () => {};
  /** @type {Promise<void>} */
  #ready = new Promise((fulfil) => {
    this.#onReady = fulfil;
  });
  /** @type {Promise<Panel> | undefined} */
  #panel;

  /** What the panel needs of this file, so as not to bring it along again. */
  get shared() {
    const { apiUrl = "" } = this.settings;
    const { chatbot, previewToken } = this.settings;
    const kind = previewToken ? "preview" : "parlance";
    const store = `${kind}:${apiUrl.replace(/.*\/\//, "")}:${chatbot}`;
    return { apiUrl, drawing, reading, store };
  }

  /**
   * @param {string} file of the build
   * @returns {Promise<any>}
   */
  load(file) {
    return load(this.shared.apiUrl, file);
  }

  /** What few visitors need. Its name has a hash, which stands in one file only. */
  seldom() {
    return this.load(MORE);
  }

  get isOpen() {
    return this.frame.classList.contains("open");
  }

  get #floats() {
    return (this.settings.display ?? "launcher") === "launcher";
  }

  connectedCallback() {
    if (this.#begun) return;
    const { settings } = this;
    if (!settings.display) settings.display = settings.chatbot ? "launcher" : "inline";
    for (const { name, value } of this.attributes) {
      /** @type {any} */ (settings)[camel(name)] ??= value;
    }
    // A copy of a launcher, from a copy of the page that was kept: it has no settings, and another is there.
    if (!settings.chatbot) return this.remove();
    settings.apiUrl = (settings.apiUrl || home || location.origin).replace(/\/+$/, "");
    ParlanceChat.all.add(this);
    this.#begun = true;
    this.ended = new AbortController();
    this.#begin();
  }

  disconnectedCallback() {
    // A page swap moves the element: whoever put it elsewhere has done so by then.
    setTimeout(() => {
      if (this.isConnected || !ParlanceChat.all.has(this)) return;
      const second = Math.floor(performance.now() / 1000);
      if (second > this.#second) this.#returns = 0;
      this.#second = second;
      if (this.#floats && this.#returns++ < MOST_RETURNS) document.body.append(this);
      else this.destroy();
    });
  }

  async #begin() {
    const { signal } = this.ended;
    try {
      this.language = languageOf(this.settings);
      await this.configure();
      if (!signal.aborted && this.configuration) this.#render();
    } catch {
      if (signal.aborted) return;
      this.#later(() => this.#begin(), PAUSE_MS * (1 + Math.random()));
    }
  }

  /**
   * @param {() => void} act unless the widget has ended by then
   * @param {number} milliseconds
   */
  #later(act, milliseconds) {
    const timer = setTimeout(act, milliseconds);
    this.ended.signal.addEventListener("abort", () => clearTimeout(timer));
  }

  /**
   * Asks for the published configuration; a refusal stands in the console with its reason.
   *
   * @param {RequestCache} [cache] "no-cache" when there is known to be a newer one
   */
  async configure(cache) {
    const { apiUrl, chatbot = "", previewToken } = this.settings;
    const address = `${apiUrl}/widget/config/${encodeURIComponent(chatbot)}?language=${this.language}`;
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const response = await fetch(address, { cache, credentials: "omit", signal });
    if (response.status > 499) throw new Error(address);
    const told = await response.json();
    if (response.ok) {
      this.configuration = told;
      if (previewToken) await (await this.seldom()).showDraft(this);
      return;
    }
    const [{ message, extensions }] = told.errors;
    console.error(`Parlance: ${message}`);
    this.emit("error", { code: extensions.code });
  }

  #render() {
    const { frame, launcher } = this;
    this.#root.adoptedStyleSheets = [this.#style];
    frame.className = `frame ${this.settings.display}`;
    frame.lang = this.language;
    frame.dir = directionOf(this.language);
    this.#scheme.addEventListener("change", () => this.dress(), this.ended);
    if (this.#floats) this.#addLauncher();
    // The page's colours are read before there is anything new whose style would be worked out first.
    // (They make room for each other.)
    for (const one of ParlanceChat.all) one.dress();
    this.#word.className = "word";
    this.#word.setAttribute("role", "alert");
    this.#word.hidden = true;
    frame.append(this.#word);
    this.#root.append(frame);
    this.#onReady();
    this.emit("ready");
    this.#wake();
    launcher.type = "button";
  }

  #addLauncher() {
    const { launcher, frame } = this;
    launcher.className = "launcher";
    launcher.part.add("launcher");
    launcher.setAttribute("aria-haspopup", "dialog");
    launcher.setAttribute("aria-expanded", "false");
    this.#badge.className = "badge";
    this.#badge.part.add("badge");
    this.showUnread(0);
    for (const intent of ["pointerenter", "focus", "touchstart"]) {
      launcher.addEventListener(intent, () => this.#load(), { once: true, passive: true });
    }
    launcher.addEventListener("click", () => this.toggle());
    frame.append(launcher);
  }

  /** @param {"primary" | "secondary"} name */
  colour(name) {
    const own = getComputedStyle(this).getPropertyValue(`--parlance-${name}`);
    return parse(own) ?? parse(this.looks[name]) ?? (name === "primary" ? BLUE : null);
  }

  get isDark() {
    const { theme } = this.looks;
    return theme === "dark" || (theme === "auto" && this.#scheme.matches);
  }

  /** Puts the colours on, now and whenever a new configuration or scheme comes. */
  async dress() {
    if (!this.configuration) return;
    const { position, bubbleIcon, zIndex } = this.looks;
    const primary = /** @type {import("./contrast.js").Rgb} */ (this.colour("primary"));
    const [y, x] = position.split("-");
    const beside = this.#floats ? this.#neighbours(position) * SPACING_PX : 0;
    this.#style.replaceSync(
      `${launcherCss}.frame{--primary:${css(primary)};--on-primary:${css(textOn(primary))};z-index:${zIndex};${y}:0;${x}:0}` +
        `.frame.launcher>*{${y}:var(--edge);${x}:calc(var(--edge) + ${beside}px)}` +
        `.frame.launcher>.panel{${y}:calc(2*var(--edge) + var(--size) - 6px)}`,
    );
    this.launcher.replaceChildren(icon(bubbleIcon), this.#badge);
    (await this.#panel)?.dress();
  }

  /**
   * How many launchers were in the same corner before.
   *
   * @param {string} position
   */
  #neighbours(position) {
    const floating = [...ParlanceChat.all].filter((one) => one.#floats);
    const before = floating.slice(0, floating.indexOf(this));
    return before.filter((one) => one.configuration && one.looks.position === position).length;
  }

  get looks() {
    return looksOf(this.settings, /** @type {Configuration} */ (this.configuration));
  }

  /** Goes on where the visitor was on the page before, or opens by itself. */
  #wake() {
    if (!this.#floats) return this.open(false);
    let before = null;
    try {
      before = sessionStorage.getItem(this.shared.store);
    } catch {
      // Storage may be switched off: then nothing was kept.
    }
    if (before === "open") this.open(false);
    else if (before === "busy") this.#load();
    else if (this.looks.autoOpen && !before) {
      this.#later(() => this.open(false), this.looks.autoOpenDelay);
    }
  }

  #load() {
    const texts = this.language !== "en" && `lang-${this.language}-${FILES.languages}.js`;
    this.#panel ??= Promise.all([this.load(FILES.panel), texts && this.#words(texts)]).then(
      ([{ Panel }, spoken]) => new Panel(this, spoken || undefined),
    );
    this.#panel.catch((error) => {
      this.#panel = undefined;
      console.error("Parlance:", error.message);
    });
    return this.#panel;
  }

  /**
   * Another language's texts: data and no code, so that nothing of them can run.
   *
   * @param {string} file
   */
  async #words(file) {
    const { apiUrl } = this.shared;
    return (await fetch(`${apiUrl}/widget/${file}`, { credentials: "omit" })).json();
  }

  /** @param {boolean} [focus] whether the visitor is to go on inside */
  async open(focus = true) {
    await this.#ready;
    if (!this.configuration) return;
    const panel = await this.#load().catch(() => null);
    this.#word.hidden = Boolean(panel);
    panel?.open(focus);
    if (panel) return;
    this.#word.textContent = this.configuration.words.unloaded;
    if (!this.#floats) this.#later(() => this.open(focus), PAUSE_MS);
  }

  async close() {
    (await this.#panel)?.close();
  }

  toggle() {
    return this.isOpen ? this.close() : this.open();
  }

  /** @param {string} text */
  async ask(text) {
    await this.open();
    (await this.#panel)?.ask(text);
  }

  /** @param {Partial<Settings> | null} who null signs out */
  async identify(who) {
    const { settings } = this;
    settings.getToken = settings.userId = settings.userEmail = settings.token = undefined;
    Object.assign(settings, who);
    (await this.#panel)?.identify();
  }

  /** @param {number} count of answers that nobody has looked at */
  showUnread(count, label = this.configuration?.words.open ?? "") {
    this.#badge.textContent = String(count);
    this.#badge.hidden = !count;
    this.launcher.setAttribute("aria-label", label);
  }

  /**
   * @param {string} name
   * @param {unknown} [detail]
   */
  emit(name, detail) {
    this.dispatchEvent(
      new CustomEvent(`parlance:${name}`, { detail, bubbles: true, composed: true }),
    );
  }

  /**
   * @param {string} name
   * @param {EventListener} listener
   */
  on(name, listener) {
    this.addEventListener(`parlance:${name}`, listener);
  }

  /**
   * @param {string} name
   * @param {EventListener} listener
   */
  off(name, listener) {
    this.removeEventListener(`parlance:${name}`, listener);
  }

  async destroy() {
    ParlanceChat.all.delete(this);
    this.#begun = false;
    this.ended.abort();
    this.remove();
    this.frame.replaceChildren();
    this.configuration = undefined;
    const panel = this.#panel;
    this.#panel = undefined;
    (await panel?.catch(() => undefined))?.end();
  }
}

/** @param {string | null | undefined} address of a picture; our own drawing without one */
function icon(address) {
  if (!address || !/^(https?:\/\/|data:image\/|\/)/.test(address)) return drawing(SPEECH);
  const picture = document.createElement("img");
  picture.src = address;
  picture.alt = "";
  picture.referrerPolicy = "no-referrer";
  return picture;
}

/**
 * The panel draws with it too.
 *
 * @param {string} path of a drawing of 24 by 24
 */
export function drawing(path) {
  const element = document.createElementNS(SVG, "svg");
  element.setAttribute("viewBox", "0 0 24 24");
  element.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  element.append(line);
  return element;
}
