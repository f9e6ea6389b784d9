/**
 * What stands behind the launcher: it joins the conversation, the visit, the line to the server and
 * the view, as far as the first answer needs them. The rest comes with that answer (later.js).
 *
 * A question is kept, with its key, before it is sent: whatever happens then, it is asked once.
 */

import { Conversation } from "./conversation.js";
import { STOP } from "./documents.js";
import { drawing, drawWith, h } from "./dom.js";
import { follow, pause, pauseAfter } from "./following.js";
import english from "./languages/en.js";
import { Link } from "./link.js";
import { Memory } from "./memory.js";
import { palette } from "./palette.js";
import panelCss from "./panel.css";
import { Problem } from "./problem.js";
import { speech } from "./speech.js";
import { tool } from "./turn_view.js";
import { composes, View } from "./view.js";
import { Visit } from "./visit.js";

/** @typedef {import("./conversation.js").Turn} Turn */
/** @typedef {import("./conversation.js").AnswerEvent} AnswerEvent */
/** @typedef {import("./later.js").Later} Later */
/** @typedef {(later: Later) => unknown} Use */

/** So many turns are kept for the first picture after a reload. */
const TURNS_KEPT = 30;
/** How often what is being written is kept, in milliseconds. */
const KEEP_EVERY_MS = 1_000;
/** After these the next question begins a new conversation. */
const CONVERSATION_GONE = ["NOT_FOUND", "CONVERSATION_CLOSED"];
/** The visitor sees the page behind; below this width, in pixels, there is no room for both. */
const NARROW = "(max-width: 480px)";

export class Panel {
  element;
  t;
  memory;
  link;
  visit;
  view;
  /** @type {import("./turn_view.js").Around} */
  around;
  talk;
  /** Ends with the visitor whose conversation this is. */
  reign = new AbortController();
  /** @type {Set<string>} keys of answers that are being followed */
  followed = new Set();
  connected = false;
  stopWanted = false;
  /** What the later parts need of those that are here already. */
  lent;
  #settings;
  /** @type {Promise<Later> | undefined} */
  #later;
  /** @type {CSSStyleSheet} */
  #colours;
  #narrow = matchMedia(NARROW);
  /** @type {HTMLElement[]} what nobody gets into while the chat covers the page */
  #covered = [];
  #unread = 0;
  #keptAt = 0;

  /**
   * @param {import("./element.js").ParlanceChat} element
   * @param {import("./speech.js").Phrase[]} [phrases]
   */
  constructor(element, phrases) {
    const { settings, language } = element;
    drawWith(element.shared.drawing);
    /** What the later parts need of those that are here already, and how many of the phrases. */
    const spoken = Object.keys(english).length;
    this.lent = { drawing, h, newKey, pause, pauseAfter, speech, spoken, tool };
    this.element = element;
    this.#settings = settings;
    this.t = speech(language, english, phrases);
    this.memory = new Memory(element.shared.store);
    this.link = new Link(
      element.shared,
      () =>
        element.seldom().catch(() => {
          throw new Problem("lost");
        }),
      () => this.visit.token,
      (way) => element.emit("transport", { way }),
    );
    this.visit = new Visit(
      settings,
      this.memory,
      this.link,
      () => this.#aboutVisit(),
      (estrange) => {
        estrange(this.talk);
        this.draw();
        this.keep();
      },
    );
    this.talk = new Conversation(this.memory.recall().talk);
    this.around = {
      phrases,
      t: this.t,
      language,
      configuration: () => this.configuration,
      retry: (/** @type {Turn} */ turn) => this.#retry(turn),
    };
    this.view = new View(this.around, {
      close: () => this.close(),
      ask: (text) => this.ask(text),
      stop: () => this.#stop(),
      beside: (use) => this.use((later) => later.beside(use)),
    });
    this.wear(panelCss);
    this.#colours = this.wear("");
    this.#mount();
  }

  get configuration() {
    return /** @type {import("./settings.js").Configuration} */ (this.element.configuration);
  }

  get #floats() {
    return this.#settings.display === "launcher";
  }

  #mount() {
    const { panel, closer } = this.view;
    closer.hidden = !this.#floats;
    if (!this.#floats) panel.setAttribute("role", "region");
    panel.hidden = true;
    this.dress();
    this.element.frame.prepend(panel);
    const { signal } = this.element.ended;
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !composes(event)) this.close();
    });
    this.#narrow.addEventListener("change", () => this.#cover(), { signal });
    // Only somebody who acts begins a visit; an identified visitor finds the conversation then.
    panel.addEventListener("focusin", () => this.connect(Boolean(this.#settings.getToken)));
    addEventListener("pagehide", () => this.keep(), { signal });
    addEventListener("online", () => this.link.doubt(), { signal });
    addEventListener("offline", () => this.#sayLost(), { signal });
    document.addEventListener("visibilitychange", () => this.#onSight(), { signal });
    visualViewport?.addEventListener("resize", () => this.#fit(), { signal });
    this.draw();
    this.visit.known.then(() => {
      if (!this.talk.turns.length) this.talk = new Conversation(this.memory.recall().talk);
      this.draw();
      this.connect(false);
    });
  }

  /** On a telephone the chat covers the page, and nobody is to get into what cannot be seen. */
  #cover() {
    const { panel } = this.view;
    const covers = this.#floats && !panel.hidden && this.#narrow.matches;
    panel.ariaModal = String(covers);
    for (const one of this.#covered.splice(0)) one.inert = false;
    /** @type {HTMLElement | null} */
    let own = covers ? this.element : null;
    for (; own && own !== document.body; own = own.parentElement) {
      for (const other of /** @type {any} */ (own.parentElement?.children ?? [])) {
        if (other === own || other.inert) continue;
        other.inert = true;
        this.#covered.push(other);
      }
    }
  }

  /** With an on-screen keyboard the panel is as high as what is left. */
  #fit() {
    const { height, offsetTop } = /** @type {VisualViewport} */ (visualViewport);
    const { style } = this.view.panel;
    style.setProperty("--height", `${height}px`);
    style.setProperty("--top", `${offsetTop}px`);
  }

  /** @param {boolean} focus */
  open(focus) {
    const { frame, launcher } = this.element;
    const { panel, question, heading } = this.view;
    const opens = panel.hidden;
    panel.hidden = false;
    frame.classList.add("open");
    launcher.setAttribute("aria-expanded", "true");
    this.#setUnread(0);
    this.#cover();
    if (opens) this.view.toEnd();
    // On a telephone the keyboard would cover what is to be read first.
    if (focus) (matchMedia("(pointer: coarse)").matches ? heading : question).focus();
    if (focus) this.memory.keepState("open");
    if (opens) this.element.emit("open");
  }

  close() {
    const { frame, launcher } = this.element;
    if (!this.#floats || this.view.panel.hidden) return;
    this.view.panel.hidden = true;
    this.#cover();
    frame.classList.remove("open");
    launcher.setAttribute("aria-expanded", "false");
    launcher.focus();
    this.memory.keepState(this.talk.pending ? "busy" : "closed");
    this.element.emit("close");
  }

  end() {
    this.reign.abort();
    this.link.close();
    this.view.panel.hidden = true;
    this.#cover();
    this.view.panel.remove();
  }

  /** Somebody signed in or out. */
  async identify() {
    const before = this.memory.user;
    await this.visit.identify();
    if (this.memory.user === before) return;
    this.reset();
    this.memory.forget();
    await this.connect(Boolean(this.#settings.getToken));
  }

  reset() {
    this.reign.abort();
    this.reign = new AbortController();
    this.link.close();
    this.connected = false;
    this.followed.clear();
    this.show();
  }

  #aboutVisit() {
    const { texts, version } = this.configuration;
    return {
      language: this.element.language,
      page: thisPage(),
      ...(texts.consentText &&
        !this.#isGated && { consentVersion: `${version} ${texts.language}` }),
    };
  }

  /**
   * @param {string} rules for this widget, after those that it has
   * @returns {CSSStyleSheet}
   */
  wear(rules) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(rules);
    this.element.shadowRoot?.adoptedStyleSheets.push(sheet);
    return sheet;
  }

  /** The colours that only the panel needs. */
  dress() {
    const element = this.element;
    const { reading } = element.shared;
    const primary = /** @type {import("./contrast.js").Rgb} */ (element.colour("primary"));
    const dark = element.isDark;
    const colours = palette(primary, element.colour("secondary"), dark, reading);
    const rules = Object.entries(colours).map(([name, value]) => `--${name}:${value}`);
    this.#colours.replaceSync(`.panel{${rules.join(";")};color-scheme:${dark ? "dark" : "light"}}`);
    this.view.dress();
  }

  /** There is a text that the visitor has not agreed to. */
  get #isGated() {
    const { consentText } = this.configuration.texts;
    return Boolean(consentText) && this.memory.recall().consent !== consentText;
  }

  draw() {
    const { greeting } = this.element.looks;
    const { active, maintenanceText, texts } = this.configuration;
    const pending = Boolean(this.talk.pending);
    this.view.greet(greeting);
    this.around.drawn?.();
    this.view.show(this.talk.turns);
    this.view.setBusy(pending);
    this.#offer();
    if (!active || maintenanceText) this.view.block(maintenanceText ?? "");
    else if (this.#isGated) this.view.block(texts.consentText, true);
    else this.view.block(null);
  }

  #offer() {
    const { turns, pending } = this.talk;
    const last = turns.at(-1);
    const questions = last ? last.suggestions : this.configuration.texts.starterQuestions;
    this.view.offer(pending ? [] : questions);
  }

  /**
   * Takes the conversation up again, and looks for what happens elsewhere.
   *
   * @param {boolean} begins also without a visit that was begun before
   */
  async connect(begins) {
    if (this.connected || this.#isGated || !(begins || this.visit.token)) return;
    this.connected = true;
    const { signal } = this.reign;
    try {
      await this.visit.ensure();
      if (signal.aborted) return;
      this.talk.id = this.talk.id ?? this.memory.recall().conversationId ?? null;
      await this.#attend(true);
      if (this.talk.pending) this.follow(this.talk.pending);
    } catch (error) {
      if (signal.aborted) return;
      this.connected = false;
      this.sayWhy(error);
    }
  }

  /**
   * @param {string} text
   * @param {string} [key] of an attempt before, whose question may have arrived
   */
  ask(text, key = newKey()) {
    if (this.talk.pending || this.#isGated || !text.trim()) return;
    this.view.offer([]);
    const answer = this.talk.ask(text.trim(), key, Date.now());
    this.element.emit("question", { text });
    this.#begun();
    this.draw();
    this.view.toEnd();
    this.keep();
    this.memory.keepState("open");
    if (!navigator.onLine) this.#sayLost();
    return this.follow(answer);
  }

  /** @param {Turn} answer */
  async follow(answer) {
    const { signal } = this.reign;
    const talk = this.talk;
    if (this.followed.has(answer.key)) return;
    this.followed.add(answer.key);
    this.view.announcer?.begin();
    try {
      await follow(this.link, answer, this.#listenerOf(talk, answer), signal);
    } catch (error) {
      const { message: text, code = "" } = /** @type {Problem} */ (error);
      answer.status = "FAILED";
      answer.failure = { code, text, retryable: true };
      this.element.emit("error", { code });
    }
    this.followed.delete(answer.key);
    if (signal.aborted || talk !== this.talk) return;
    this.#settle(answer);
  }

  /**
   * @param {Conversation} talk
   * @param {Turn} answer
   * @returns {import("./following.js").Listener}
   */
  #listenerOf(talk, answer) {
    return {
      enter: async (isDenied) => {
        const started = await (isDenied ? this.visit.renew() : this.visit.ensure());
        this.connected = true;
        if (started?.conversation) talk.id ??= started.conversation.id;
        return {
          text: talk.questionOf(answer)?.text ?? "",
          conversationId: talk.id,
          idempotencyKey: answer.key,
          page: thisPage(),
        };
      },
      onEvent: (event) => this.#take(talk, answer, event),
      onLost: ({ message }) => this.#sayLost(message),
      onConnected: () => this.view.say(""),
    };
  }

  /**
   * @param {Conversation} talk that the answer belongs to; another one may be shown by now
   * @param {Turn} answer
   * @param {AnswerEvent} event
   */
  #take(talk, answer, event) {
    if (!talk.take(answer, event) || talk !== this.talk) return;
    this.element.emit("event", event);
    if (event.__typename === "AnswerStarted") {
      this.keep();
      if (this.stopWanted) this.#stop();
      this.#attend(false);
    }
    if (event.__typename === "AnswerFailed" && CONVERSATION_GONE.includes(event.code))
      this.talk.id = null;
    if (event.__typename === "AnswerRestarted") this.view.announcer?.begin();
    this.view.grow(answer);
    if (Date.now() - this.#keptAt > KEEP_EVERY_MS) this.keep();
  }

  /** @param {Turn} answer one that has ended */
  #settle(answer) {
    this.stopWanted = false;
    this.view.say("");
    this.view.grow(answer);
    this.draw();
    this.keep();
    if (this.view.panel.hidden) {
      this.memory.keepState("closed");
      this.#setUnread(this.#unread + 1);
    }
    this.element.emit("answer", { id: answer.id, text: answer.text, status: answer.status });
    this.#attend(false);
  }

  async #stop() {
    const { pending } = this.talk;
    if (!pending) return;
    if (!pending.id && !navigator.onLine) return this.#takeBack(pending);
    this.stopWanted = true;
    if (!pending.id) return;
    try {
      const stopped = await this.link.request(STOP, { i: { messageId: pending.id } });
      if (stopped.code) throw new Problem("refused", stopped.message, stopped.code);
    } catch (error) {
      this.stopWanted = false;
      this.view.setBusy(true);
      this.sayWhy(error);
    }
  }

  /**
   * A question that was not sent yet goes back where it was written.
   *
   * @param {Turn} pending
   */
  #takeBack(pending) {
    const text = this.talk.drop(pending);
    this.view.question.value ||= text;
    this.reign.abort();
    this.reign = new AbortController();
    this.connected = false;
    this.followed.clear();
    this.draw();
    this.keep();
    this.view.say("");
  }

  /** @param {Turn} turn */
  #retry(turn) {
    if (this.talk.pending) return;
    if (turn.id) return this.use((later) => later.beside((side) => side.again(turn)));
    const text = this.talk.drop(turn);
    this.draw(); // the next answer has the same key, and must not get this one's view
    this.view.question.focus();
    return this.ask(text, turn.key);
  }

  begin() {
    this.stopWanted = false;
    this.memory.keep({ conversationId: null, talk: undefined });
    this.show();
    this.view.question.focus();
  }

  /** The conversation that is shown is gone. */
  leave() {
    this.followed.clear();
    this.begin();
  }

  /** @param {ConstructorParameters<typeof Conversation>[0]} [kept] a new conversation without it */
  show(kept) {
    this.talk = new Conversation(kept);
    this.draw();
  }

  /** What begins with the first answer: a part that could not be loaded is asked for anew. */
  #begun() {
    this.#later ??= this.element.load(LATER).then(({ Later }) => new Later(this));
    this.#later.catch(() => {
      this.#later = undefined;
    });
    return this.#later;
  }

  /** @param {Use} act */
  async use(act) {
    try {
      await act(await this.#begun());
    } catch (error) {
      this.sayWhy(error);
    }
  }

  /** @param {boolean} syncs whether to look at once for what the server has */
  async #attend(syncs) {
    const { signal } = this.reign;
    for (let losses = 0; !signal.aborted; ) {
      const later = await this.#begun().catch(() => null);
      if (losses && later) this.view.say("");
      if (later) return later.attend(syncs);
      this.#sayLost();
      await pause(pauseAfter(losses++), signal);
    }
  }

  #onSight() {
    if (document.visibilityState !== "visible") return;
    this.link.doubt();
    if (!this.view.panel.hidden) this.#setUnread(0);
  }

  /** @param {number} count */
  #setUnread(count) {
    this.#unread = count;
    if (count) this.element.showUnread(count, this.t("unread", count));
    else this.element.showUnread(0);
    this.element.emit("unread", { count });
  }

  #sayLost(message = "") {
    this.view.say(message || this.t(navigator.onLine ? "reconnecting" : "offline"));
  }

  /** @param {unknown} error */
  sayWhy(error) {
    const { kind, message, code } = /** @type {Problem} */ (error);
    this.view.say(kind === "refused" && message ? message : this.t("failed"));
    this.element.emit("error", { code });
  }

  /** Before the first question there is nothing to keep, and nothing is kept. */
  keep() {
    if (!this.talk.turns.length || this.reign.signal.aborted) return;
    this.#keptAt = Date.now();
    this.memory.keep({ conversationId: this.talk.id, talk: this.talk.kept(TURNS_KEPT) });
  }
}

function thisPage() {
  const { origin, pathname } = location;
  return { url: origin + pathname, title: document.title, language: navigator.language };
}

/** 128 random bits. `crypto.randomUUID` is missing on plain http outside this machine. */
const newKey = () => crypto.getRandomValues(new Uint32Array(4)).join("-");
