/**
 * Everything behind the launcher: it joins the conversation, the visit, the line to the server and
 * the view.
 *
 * A question is kept, with its key, before it is sent: whatever happens then, it is asked once.
 */

import { Conversation } from "./conversation.js";
import { MESSAGES, STOP, VISIT } from "./documents.js";
import { drawing, drawWith, h } from "./dom.js";
import { follow, pause, pauseAfter } from "./following.js";
import english from "./languages/en.js";
import { Link, POLL } from "./link.js";
import { link } from "./markdown.js";
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
/** @typedef {(side: import("./side.js").Side) => unknown} Use */

/** So many turns are kept for the first picture after a reload. */
const TURNS_KEPT = 30;
/** How often what is being written is kept, in milliseconds. */
const KEEP_EVERY_MS = 1_000;
/** After these the next question begins a new conversation. */
const CONVERSATION_GONE = ["NOT_FOUND", "CONVERSATION_CLOSED"];
/** The visitor sees the page behind; below this width, in pixels, there is no room for both. */
const NARROW = "(max-width: 480px)";

export class Panel {
  #element;
  #settings;
  #t;
  #memory;
  #link;
  #visit;
  #view;
  #around;
  /** @type {import("./side.js").SideActions} */
  #sideActions;
  /** @type {Promise<import("./side.js").Side> | undefined} */
  #side;
  #talk;
  #ended = new AbortController();
  /** @type {Set<string>} keys of answers that are being followed */
  #followed = new Set();
  #colours = new CSSStyleSheet();
  #unread = 0;
  #connected = false;
  #watching = false;
  #stopWanted = false;
  /** Something happened while a question had no name yet: look again once it has one. */
  #syncWanted = false;
  #keptAt = 0;

  /**
   * @param {import("./element.js").ParlanceChat} element
   * @param {import("./speech.js").Phrase[]} [phrases]
   */
  constructor(element, phrases) {
    const { settings, language } = element;
    drawWith(element.shared.drawing);
    this.#element = element;
    this.#settings = settings;
    this.#t = speech(language, english, phrases);
    this.#memory = new Memory(element.shared.store);
    this.#link = new Link(
      element.shared,
      () => element.load(MORE),
      () => this.#visit.token,
      (way) => element.emit("transport", { way }),
    );
    this.#visit = new Visit(
      settings,
      this.#memory,
      this.#link,
      () => this.#aboutVisit(),
      (estrange) => {
        estrange(this.#talk);
        this.#draw();
        this.#keep();
      },
    );
    this.#talk = new Conversation(this.#memory.read().talk);
    const around = {
      phrases,
      t: this.#t,
      language,
      configuration: () => this.#configuration,
      actions: {
        retry: (/** @type {Turn} */ turn) => this.#retry(turn),
        use: (/** @type {Use} */ use) => this.#beside(use),
      },
    };
    this.#around = around;
    this.#view = new View(around, {
      close: () => this.close(),
      ask: (text) => this.ask(text),
      stop: () => this.#stop(),
      agree: () => this.#agree(),
      earlier: () => this.#beside((side) => side.earlier()),
      showHistory: () => this.#beside((side) => side.showHistory()),
      showMenu: () => this.#beside((side) => side.showMenu()),
      showContact: () => this.#beside((side) => side.showContact()),
    });
    this.#sideActions = {
      call: (document, variables) => this.#call(document, variables),
      known: () => Boolean(this.#visit.token),
      talk: () => this.#talk,
      adopt: (found, earlier) => this.#adopt(found, earlier),
      follow: (answer) => this.#follow(answer),
      draw: () => this.#draw(),
      sayWhy: (error) => this.#sayWhy(error),
      begin: () => this.#begin(),
      choose: (id) => this.#choose(id),
      forget: () => this.#forget(),
    };
    this.#mount();
  }

  get #configuration() {
    return /** @type {import("./settings.js").Configuration} */ (this.#element.configuration);
  }

  get #floats() {
    return this.#settings.display === "launcher";
  }

  #mount() {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(panelCss);
    const root = /** @type {ShadowRoot} */ (this.#element.shadowRoot);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet, this.#colours];
    const { panel, closer } = this.#view;
    closer.hidden = !this.#floats;
    if (!this.#floats) panel.setAttribute("role", "region");
    panel.hidden = true;
    this.dress();
    this.#element.frame.prepend(panel);
    const { signal } = this.#element.ended;
    panel.addEventListener("keydown", (event) => this.#onKey(event));
    // Only somebody who acts begins a visit; an identified visitor finds the conversation then.
    panel.addEventListener("focusin", () => this.#connect(Boolean(this.#settings.getToken)));
    addEventListener("pagehide", () => this.#keep(), { signal });
    addEventListener("online", () => this.#link.doubt(), { signal });
    addEventListener("offline", () => this.#sayOffline(), { signal });
    document.addEventListener("visibilitychange", () => this.#onSight(), { signal });
    visualViewport?.addEventListener("resize", () => this.#fit(), { signal });
    const onStorage = (/** @type {StorageEvent} */ event) => {
      if (this.#memory.isTaken(event)) this.#reset();
    };
    addEventListener("storage", onStorage, { signal });
    this.#draw();
    this.#visit.known.then(() => {
      if (!this.#talk.turns.length) this.#talk = new Conversation(this.#memory.read().talk);
      this.#draw();
      this.#connect(false);
    });
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key === "Escape" && !composes(event) && this.#floats) this.close();
    if (event.key !== "Tab" || this.#view.panel.ariaModal !== "true") return;
    const all = /** @type {HTMLElement[]} */ ([
      ...this.#view.panel.querySelectorAll(
        "button:enabled,textarea,input,a,summary,[tabindex='0']",
      ),
    ]).filter((one) => one.offsetParent);
    const { activeElement } = /** @type {ShadowRoot} */ (this.#element.shadowRoot);
    const [leaving, entering] = event.shiftKey ? [all[0], all.at(-1)] : [all.at(-1), all[0]];
    if (activeElement !== leaving && all.includes(/** @type {HTMLElement} */ (activeElement)))
      return;
    event.preventDefault();
    entering?.focus();
  }

  /** With an on-screen keyboard the panel is as high as what is left. */
  #fit() {
    const { height, offsetTop } = /** @type {VisualViewport} */ (visualViewport);
    const { style } = this.#view.panel;
    style.setProperty("--height", `${height}px`);
    style.setProperty("--top", `${offsetTop}px`);
  }

  /** @param {boolean} focus */
  open(focus) {
    const { frame, launcher } = this.#element;
    const { panel, question, heading } = this.#view;
    const opens = panel.hidden;
    panel.hidden = false;
    frame.classList.add("open");
    launcher.setAttribute("aria-expanded", "true");
    this.#setUnread(0);
    panel.ariaModal = String(this.#floats && matchMedia(NARROW).matches);
    if (opens) this.#view.toEnd();
    // On a telephone the keyboard would cover what is to be read first.
    if (focus) (matchMedia("(pointer: coarse)").matches ? heading : question).focus();
    if (focus) this.#memory.keepState("open");
    if (opens) this.#element.emit("open");
  }

  close() {
    const { frame, launcher } = this.#element;
    if (!this.#floats || this.#view.panel.hidden) return;
    this.#view.panel.hidden = true;
    frame.classList.remove("open");
    launcher.setAttribute("aria-expanded", "false");
    launcher.focus();
    this.#memory.keepState(this.#talk.pending ? "busy" : "closed");
    this.#element.emit("close");
  }

  end() {
    this.#ended.abort();
    this.#link.close();
    this.#view.panel.remove();
  }

  /** Somebody signed in or out. */
  async identify() {
    const before = this.#memory.user;
    await this.#visit.identify();
    if (this.#memory.user === before) return;
    this.#reset();
    this.#memory.forget();
    await this.#connect(Boolean(this.#settings.getToken));
  }

  #reset() {
    this.#ended.abort();
    this.#ended = new AbortController();
    this.#link.close();
    this.#connected = this.#watching = false;
    this.#followed.clear();
    this.#talk = new Conversation();
    this.#draw();
  }

  #aboutVisit() {
    const { embedNonce } = this.#settings;
    const { texts, version } = this.#configuration;
    return {
      language: this.#element.language,
      page: thisPage(),
      ...(texts.consentText &&
        !this.#isGated && { consentVersion: `${version} ${texts.language}` }),
      ...(embedNonce && { embedNonce }),
    };
  }

  /** The colours that only the panel needs. */
  dress() {
    const element = this.#element;
    const { reading } = element.shared;
    const primary = element.colour("primary") ?? [31, 79, 216];
    const dark = element.isDark;
    const colours = palette(primary, element.colour("secondary"), dark, reading);
    const rules = Object.entries(colours).map(([name, value]) => `--${name}:${value}`);
    this.#colours.replaceSync(`.panel{${rules.join(";")};color-scheme:${dark ? "dark" : "light"}}`);
    this.#view.dress();
  }

  /** There is a text that the visitor has not agreed to. */
  get #isGated() {
    const { consentText } = this.#configuration.texts;
    return Boolean(consentText) && this.#memory.read().consent !== consentText;
  }

  #draw() {
    const { greeting } = this.#element.looks;
    const { active, maintenanceText, texts } = this.#configuration;
    const pending = Boolean(this.#talk.pending);
    this.#view.greet(greeting);
    this.#view.older.hidden = !this.#talk.before;
    this.#view.show(this.#talk.turns);
    this.#view.setBusy(pending);
    this.#offer();
    if (!active || maintenanceText) this.#view.block(maintenanceText || this.#t("unavailable"));
    else if (this.#isGated) this.#view.block(texts.consentText ?? "", true);
    else this.#view.block("");
  }

  #offer() {
    const { turns, pending } = this.#talk;
    const last = turns.at(-1);
    const questions = last ? last.suggestions : this.#configuration.texts.starterQuestions;
    this.#view.offer(pending ? [] : questions);
  }

  async #agree() {
    await this.#visit.known;
    this.#memory.keep({ consent: this.#configuration.texts.consentText ?? "" });
    this.#draw();
    this.#view.question.focus();
    this.#connect(Boolean(this.#settings.getToken));
  }

  /**
   * Takes the conversation up again, and looks for what happens elsewhere.
   *
   * @param {boolean} begins also without a visit that was begun before
   */
  async #connect(begins) {
    if (this.#connected || this.#isGated || !(begins || this.#visit.token)) return;
    this.#connected = true;
    const { signal } = this.#ended;
    try {
      await this.#visit.ensure();
      if (signal.aborted) return;
      this.#talk.id = this.#talk.id ?? this.#memory.read().conversationId ?? null;
      this.#watch();
      await this.#sync();
      if (this.#talk.pending) this.#follow(this.#talk.pending);
    } catch (error) {
      if (signal.aborted) return;
      this.#connected = false;
      this.#sayWhy(error);
    }
  }

  /**
   * @param {string} text
   * @param {string} [key] of an attempt before, whose question may have arrived
   */
  ask(text, key = newKey()) {
    if (this.#talk.pending || this.#isGated || !text.trim()) return;
    this.#view.offer([]);
    const answer = this.#talk.ask(text.trim(), key, Date.now());
    this.#element.emit("question", { text });
    this.#draw();
    this.#view.toEnd();
    this.#keep();
    this.#memory.keepState("open");
    if (!navigator.onLine) this.#sayOffline();
    return this.#follow(answer);
  }

  /** @param {Turn} answer */
  async #follow(answer) {
    const { signal } = this.#ended;
    const talk = this.#talk;
    if (this.#followed.has(answer.key)) return;
    this.#followed.add(answer.key);
    this.#view.beginAnnouncing();
    try {
      await this.#followToItsEnd(talk, answer, signal);
    } catch (error) {
      const { message: text, code = "" } = /** @type {Problem} */ (error);
      answer.status = "FAILED";
      answer.failure = { code, text, retryable: true };
      this.#element.emit("error", { code });
    }
    this.#followed.delete(answer.key);
    if (signal.aborted || talk !== this.#talk) return;
    this.#settle(answer);
  }

  /**
   * @param {Conversation} talk
   * @param {Turn} answer
   * @param {AbortSignal} signal
   */
  async #followToItsEnd(talk, answer, signal) {
    const listener = {
      onEvent: (/** @type {AnswerEvent} */ event) => this.#take(talk, answer, event),
      onLost: () =>
        navigator.onLine ? this.#view.say(this.#t("reconnecting")) : this.#sayOffline(),
      onConnected: () => this.#view.say(""),
    };
    for (let denials = 0; ; ) {
      await this.#entered(signal);
      const question = {
        text: talk.questionOf(answer)?.text ?? "",
        conversationId: talk.id,
        idempotencyKey: answer.key,
        page: thisPage(),
      };
      try {
        return await follow(this.#link, answer, question, listener, signal);
      } catch (error) {
        const { kind } = /** @type {Problem} */ (error);
        if (kind !== "denied" || denials++) throw error;
        await this.#visit.renew();
      }
    }
  }

  /** @param {AbortSignal} signal */
  async #entered(signal) {
    for (let losses = 0; !signal.aborted; ) {
      try {
        const started = await this.#visit.ensure();
        this.#connected = true;
        this.#watch();
        if (started?.conversation) this.#talk.id ??= started.conversation.id;
        return;
      } catch (error) {
        if (/** @type {Problem} */ (error).kind !== "lost") throw error;
        this.#view.say(this.#t(navigator.onLine ? "reconnecting" : "offline"));
        await pause(pauseAfter(losses++), signal);
      }
    }
  }

  /**
   * @param {Conversation} talk that the answer belongs to; another one may be shown by now
   * @param {Turn} answer
   * @param {AnswerEvent} event
   */
  #take(talk, answer, event) {
    if (!talk.take(answer, event) || talk !== this.#talk) return;
    this.#element.emit("event", event);
    if (event.__typename === "AnswerStarted") {
      this.#keep();
      if (this.#stopWanted) this.#stop();
      if (this.#syncWanted) this.#sync();
    }
    if (event.__typename === "AnswerFailed" && CONVERSATION_GONE.includes(event.code))
      this.#talk.id = null;
    if (event.__typename === "AnswerRestarted") this.#view.beginAnnouncing();
    this.#view.grow(answer);
    if (Date.now() - this.#keptAt > KEEP_EVERY_MS) this.#keep();
  }

  /** @param {Turn} answer one that has ended */
  #settle(answer) {
    this.#stopWanted = false;
    this.#view.say("");
    this.#view.grow(answer);
    this.#draw();
    this.#keep();
    if (this.#view.panel.hidden) {
      this.#memory.keepState("closed");
      this.#setUnread(this.#unread + 1);
    }
    this.#element.emit("answer", { id: answer.id, text: answer.text, status: answer.status });
    if (this.#syncWanted) this.#sync();
  }

  async #stop() {
    const { pending } = this.#talk;
    if (!pending) return;
    if (!pending.id && !navigator.onLine) return this.#takeBack(pending);
    this.#stopWanted = true;
    if (!pending.id) return;
    try {
      await this.#call(STOP, { i: { messageId: pending.id } });
    } catch (error) {
      this.#stopWanted = false;
      this.#view.setBusy(true);
      this.#sayWhy(error);
    }
  }

  /**
   * A question that was not sent yet goes back where it was written.
   *
   * @param {Turn} pending
   */
  #takeBack(pending) {
    const text = this.#talk.drop(pending);
    this.#view.question.value ||= text;
    this.#ended.abort();
    this.#ended = new AbortController();
    this.#connected = this.#watching = false;
    this.#followed.clear();
    this.#draw();
    this.#keep();
    this.#view.say("");
  }

  /** @param {Turn} turn */
  #retry(turn) {
    if (this.#talk.pending) return;
    if (turn.id) return this.#beside((side) => side.again(turn));
    const text = this.#talk.drop(turn);
    this.#draw(); // the next answer has the same key, and must not get this one's view
    this.#view.question.focus();
    return this.ask(text, turn.key);
  }

  #begin() {
    this.#stopWanted = this.#syncWanted = false;
    this.#talk = new Conversation();
    this.#memory.keep({ conversationId: null, talk: undefined });
    this.#draw();
    this.#view.question.focus();
  }

  /** @param {Use} show */
  async #beside(show) {
    this.#side ??= this.#element
      .load(MORE)
      .then(
        ({ Side }) =>
          new Side(this.#view, this.#around, this.#sideActions, { h, drawing, tool, link, newKey }),
      );
    try {
      await show(await this.#side);
    } catch (error) {
      this.#side = undefined;
      this.#sayWhy(error);
    }
  }

  /** @param {string} id */
  #choose(id) {
    if (id === this.#talk.id || this.#talk.pending) return;
    this.#talk = new Conversation({ id });
    this.#draw();
    return this.#sync();
  }

  #gone() {
    this.#followed.clear();
    this.#begin();
  }

  #forget() {
    this.#reset();
    this.#memory.forget();
  }

  /** Makes the conversation what the server says it is. */
  async #sync() {
    const { pending, id } = this.#talk;
    if (pending && !pending.id && this.#followed.has(pending.key)) {
      this.#syncWanted = true;
      return;
    }
    if (!id || (pending && !pending.id)) return;
    this.#syncWanted = false;
    try {
      const found = await this.#call(MESSAGES, { c: id });
      if (this.#talk.id !== id) return;
      if (!found) return this.#gone();
      this.#adopt(found, false);
    } catch (error) {
      this.#sayWhy(error);
    }
  }

  /**
   * @param {any} found a conversation with a page of its messages
   * @param {boolean} earlier
   */
  #adopt({ title, messages: { pageInfo, edges } }, earlier) {
    const talk = this.#talk;
    talk.title = title;
    talk.merge(
      edges.map((/** @type {any} */ edge) => edge.node),
      earlier,
    );
    talk.before = pageInfo.hasPreviousPage ? pageInfo.startCursor : "";
    this.#draw();
    this.#keep();
    if (talk.pending) this.#follow(talk.pending);
  }

  /** Follows what happens to the visitor's conversations elsewhere, for as long as the page lives. */
  async #watch() {
    if (this.#watching) return;
    this.#watching = true;
    const { signal } = this.#ended;
    let losses = 0;
    while (!signal.aborted) {
      try {
        await this.#visit.ensure();
        if (this.#link.way !== POLL) {
          const variables = { a: this.#memory.read().cursor || null };
          await this.#link.stream(
            VISIT,
            variables,
            (event) => this.#hear(event),
            signal,
            () => {
              losses = 0;
            },
          );
        }
      } catch (error) {
        const { kind, code } = /** @type {Problem} */ (error);
        if (code === "CURSOR_EXPIRED") {
          this.#memory.keep({ cursor: "" });
          this.#sync();
        }
        if (kind === "denied" && losses > 1) {
          this.#connected = this.#watching = false; // the next question begins it anew
          return;
        }
        if (kind === "denied" && !this.#talk.pending) await this.#visit.renew().catch(() => null);
      }
      await pause(pauseAfter(losses++), signal);
    }
  }

  /** @param {any} event */
  #hear({ cursor, kind, conversationId, messageId }) {
    this.#memory.keep({ cursor });
    this.#element.emit("visit", { kind, conversationId });
    const here = conversationId === this.#talk.id;
    if (kind === "CONFIGURATION_PUBLISHED") this.#configure();
    else if (kind === "QUESTION_ASKED") {
      const known = this.#talk.turns.some((turn) => turn.id === messageId);
      // While an answer is followed the news may be of its question, in a conversation left since.
      if (!known && (here || !(this.#talk.id || this.#followed.size))) {
        this.#talk.id ??= conversationId;
        this.#sync();
      }
    } else if (here && kind === "CONVERSATION_DELETED") this.#gone();
  }

  async #configure() {
    await this.#element.configure("no-cache").catch(() => null);
    this.#element.dress();
    this.#draw();
  }

  #onSight() {
    if (document.visibilityState !== "visible") return;
    this.#link.doubt();
    if (!this.#view.panel.hidden) this.#setUnread(0);
  }

  /** @param {number} count */
  #setUnread(count) {
    this.#unread = count;
    if (count) this.#element.showUnread(count, this.#t("unread", count));
    else this.#element.showUnread(0);
    this.#element.emit("unread", { count });
  }

  /**
   * @param {string} query
   * @param {Record<string, unknown>} variables
   * @returns {Promise<any>}
   */
  async #call(query, variables) {
    await this.#visit.ensure();
    /** @param {Problem} problem */
    const again = async (problem) => {
      if (problem.kind !== "denied" || (await this.#visit.renew())) throw problem;
      return this.#link.request(query, variables);
    };
    const answer = await this.#link.request(query, variables).catch(again);
    if (answer?.code && answer.message) throw new Problem("refused", answer.message, answer.code);
    return answer;
  }

  #sayOffline() {
    this.#view.say(this.#t("offline"));
  }

  /** @param {unknown} error */
  #sayWhy(error) {
    const { kind, message, code } = /** @type {Problem} */ (error);
    this.#view.say(kind === "refused" && message ? message : this.#t("failed"));
    this.#element.emit("error", { code });
    if (code === "ORIGIN_NOT_ALLOWED") console.error(`Parlance: ${message}`);
  }

  /** Before the first question there is nothing to keep, and nothing is kept. */
  #keep() {
    if (!this.#talk.turns.length || this.#ended.signal.aborted) return;
    this.#keptAt = Date.now();
    this.#memory.keep({ conversationId: this.#talk.id, talk: this.#talk.kept(TURNS_KEPT) });
  }
}

function thisPage() {
  const { origin, pathname } = location;
  return { url: origin + pathname, title: document.title, language: navigator.language };
}

/** 128 random bits. `crypto.randomUUID` is missing on plain http outside this machine. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
