/**
 * The demo's conversation: what happens between a visitor's key press and the last event.
 *
 * One question at a time. `#remembered` is the whole state that a reload needs; it is kept before
 * anything is sent, so that the same question is never asked under two keys.
 */

import { followAnswer } from "./following.js";
import { Memory } from "./memory.js";
import { VisitOverError } from "./transport.js";
import { dress, Transcript } from "./view.js";
import { restoreMessages, startVisit, stopAnswer, VisitRefusedError } from "./visit.js";

/** @typedef {import("./following.js").AnswerEvent} AnswerEvent */
/** @typedef {import("./following.js").Question} Question */
/** @typedef {import("./memory.js").Remembered} Remembered */
/** @typedef {import("./view.js").AnswerView} AnswerView */

const LONGEST_QUESTION_CHARACTERS = 4_000;
/** From here on the visitor sees how much room is left. */
const COUNTED_FROM_CHARACTERS = 3_500;

/** After these the next question begins a new conversation. */
const CONVERSATION_GONE = ["NOT_FOUND", "CONVERSATION_CLOSED"];

/**
 * @template {HTMLElement} [Kind=HTMLElement]
 * @param {string} id
 * @returns {Kind}
 */
function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}.`);
  return /** @type {Kind} */ (found);
}

const page = {
  form: byId("form"),
  hint: byId("hint"),
  name: byId("chatbot-name"),
  newConversation: /** @type {HTMLButtonElement} */ (byId("new-conversation")),
  problem: byId("problem"),
  question: /** @type {HTMLTextAreaElement} */ (byId("question")),
  send: /** @type {HTMLButtonElement} */ (byId("send")),
  starters: byId("starters"),
  status: byId("status"),
  stop: /** @type {HTMLButtonElement} */ (byId("stop")),
  visitAgain: /** @type {HTMLButtonElement} */ (byId("visit-again")),
};

class Chat {
  #embedKey;
  #memory;
  #transcript = new Transcript(byId("log"), byId("spoken"));
  /** @type {Remembered | null} */
  #remembered = null;
  /** @type {string | null} the answer under way, once the server has named it */
  #messageId = null;
  #stopWanted = false;
  #step = "";
  /** @type {Promise<void>} fulfilled when a question can be asked, or the reason why not is shown */
  opened = Promise.resolve();

  /** @param {string} embedKey */
  constructor(embedKey) {
    this.#embedKey = embedKey;
    this.#memory = new Memory(embedKey);
  }

  async open() {
    page.visitAgain.hidden = true;
    const earlier = this.#memory.recall();
    this.opened = earlier ? this.#resume(earlier) : this.#begin();
    await this.opened;
    if (earlier?.question) await this.#follow(earlier.question);
  }

  async #begin() {
    say("Connecting…");
    try {
      this.#enter({
        visit: await startVisit(this.#embedKey),
        conversationId: null,
        question: null,
      });
      say("");
    } catch (error) {
      say(isUnknown(error) ? unknownChatbot(this.#embedKey) : reasonFor(error));
      page.visitAgain.hidden = false;
    }
  }

  /** @param {Remembered} remembered */
  async #resume(remembered) {
    this.#enter(remembered);
    await this.#restore(remembered);
  }

  /** @param {Remembered} remembered */
  async #restore({ visit, conversationId }) {
    if (!conversationId) return;
    try {
      for (const message of await restoreMessages(conversationId, visit.widgetToken)) {
        if (message.sender === "VISITOR") this.#transcript.addQuestion(message.content, message.id);
        else this.#restoreAnswer(message);
      }
    } catch {
      say("The earlier messages could not be loaded.");
    }
  }

  /** @param {import("./following.js").Answer} message */
  #restoreAnswer(message) {
    const answer = this.#transcript.addAnswer();
    this.#transcript.identify(answer.turn, message.id);
    answer.complete(message);
  }

  /** @param {Remembered} remembered */
  #enter(remembered) {
    this.#remembered = remembered;
    const { name, primaryColor, texts } = remembered.visit.chatbot;
    page.name.textContent = name;
    document.title = `${name} · Parlance demo`;
    if (texts.placeholder) page.question.placeholder = texts.placeholder;
    dress(primaryColor);
    this.#transcript.clear();
    if (texts.welcomeMessage) this.#transcript.addWelcome(texts.welcomeMessage, texts.language);
    const untouched = !remembered.conversationId && !remembered.question;
    this.#offer(untouched ? texts.starterQuestions : []);
    page.newConversation.hidden = untouched;
  }

  /** @param {string[]} questions */
  #offer(questions) {
    const buttons = questions.map((question) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = question;
      button.dir = "auto";
      button.addEventListener("click", () => {
        page.question.focus();
        this.ask(question);
      });
      return button;
    });
    page.starters.replaceChildren(...buttons);
    page.starters.hidden = !buttons.length;
  }

  /** @param {string} text */
  async ask(text) {
    if (!this.#remembered || this.#remembered.question) return;
    const { conversationId } = this.#remembered;
    await this.#follow({ text, conversationId, idempotencyKey: newKey() });
  }

  /** @param {Question} question */
  async #follow(question) {
    this.#keep({ question });
    this.#setBusy(true);
    const asked = this.#transcript.addQuestion(question.text);
    const answer = this.#transcript.addAnswer();
    const retry = () => {
      asked.remove();
      answer.turn.remove();
      page.question.focus();
      this.ask(question.text);
    };
    try {
      await this.#followToItsEnd(question, asked, answer, retry);
    } catch (error) {
      const text = reasonFor(error);
      answer.fail({ text, retryable: true, retryAt: null }, retry);
    }
    this.#keep({ question: null });
    this.#setBusy(false);
  }

  /**
   * @param {Question} question
   * @param {HTMLElement} asked
   * @param {AnswerView} answer
   * @param {() => void} retry
   */
  async #followToItsEnd(question, asked, answer, retry) {
    const listener = {
      onEvent: (/** @type {AnswerEvent} */ event) => this.#show(event, asked, answer, retry),
      onLost: () => say("Reconnecting…"),
      onConnected: () => say(this.#step),
    };
    try {
      await followAnswer(question, this.#token, listener);
    } catch (error) {
      if (!(error instanceof VisitOverError)) throw error;
      // Another visit is another visitor, to whom the earlier conversation does not belong.
      answer.clear();
      const visit = await startVisit(this.#embedKey);
      const again = { ...question, conversationId: null };
      this.#keep({ visit, conversationId: null, question: again });
      await followAnswer(again, this.#token, listener);
    }
  }

  /**
   * @param {AnswerEvent} event
   * @param {HTMLElement} asked
   * @param {AnswerView} answer
   * @param {() => void} retry
   */
  #show(event, asked, answer, retry) {
    switch (event.__typename) {
      case "AnswerStarted":
        this.#started(event, asked, answer);
        break;
      case "AnswerStep":
        this.#step = event.label;
        say(event.label);
        break;
      case "AnswerDelta":
        answer.append(event.text);
        break;
      case "AnswerRestarted":
        answer.clear();
        break;
      case "AnswerCompleted":
        this.#completed(event.answer, asked, answer);
        break;
      case "AnswerFailed":
        if (CONVERSATION_GONE.includes(event.code)) this.#keep({ conversationId: null });
        answer.fail(event, retry);
        break;
    }
  }

  /**
   * @param {{conversationId: string, questionId: string, messageId: string}} started
   * @param {HTMLElement} asked
   * @param {AnswerView} answer
   */
  #started({ conversationId, questionId, messageId }, asked, answer) {
    this.#transcript.identify(asked, questionId);
    this.#transcript.identify(answer.turn, messageId);
    this.#messageId = messageId;
    this.#keep({ conversationId });
    page.newConversation.hidden = false;
    if (this.#stopWanted) this.stop();
  }

  /**
   * @param {import("./following.js").Answer} message
   * @param {HTMLElement} asked
   * @param {AnswerView} answer
   */
  #completed(message, asked, answer) {
    // Again, since an answer whose log has gone begins without AnswerStarted.
    if (message.questionId) this.#transcript.identify(asked, message.questionId);
    this.#transcript.identify(answer.turn, message.id);
    answer.complete(message);
  }

  /** Stops the answer now, or as soon as the server has named it. */
  async stop() {
    this.#stopWanted = true;
    if (document.activeElement === page.stop) page.question.focus();
    page.stop.disabled = true;
    if (!this.#messageId) return;
    try {
      await stopAnswer(this.#messageId, this.#token);
    } catch {
      this.#stopWanted = false;
      page.stop.disabled = false;
      say("The answer could not be stopped. Please try again.");
    }
  }

  async startOver() {
    await this.opened;
    if (!this.#remembered || this.#remembered.question) return;
    this.#keep({ conversationId: null });
    this.#enter(this.#remembered);
    page.question.focus();
  }

  get busy() {
    return Boolean(this.#remembered?.question);
  }

  get ready() {
    return this.#remembered !== null;
  }

  get #token() {
    return this.#remembered?.visit.widgetToken ?? "";
  }

  /** @param {Partial<Remembered>} news */
  #keep(news) {
    if (!this.#remembered) return;
    this.#remembered = { ...this.#remembered, ...news };
    this.#memory.keep(this.#remembered);
  }

  /** @param {boolean} busy */
  #setBusy(busy) {
    this.#messageId = null;
    this.#stopWanted = false;
    this.#step = "";
    if (document.activeElement === page.stop) page.question.focus();
    if (busy) this.#offer([]);
    page.newConversation.disabled = busy;
    page.send.hidden = busy;
    page.stop.hidden = !busy;
    page.stop.disabled = false;
    say("");
  }
}

/** @param {string} text the line below the conversation; "" is nothing to say */
function say(text) {
  page.status.textContent = text;
}

/** @param {unknown} error */
function isUnknown(error) {
  return error instanceof VisitRefusedError && error.code === "NOT_FOUND";
}

/** @param {string} embedKey as somebody typed it into the address */
function unknownChatbot(embedKey) {
  return `No chatbot has the embed key “${embedKey}”. Please check the address of this page.`;
}

/** @param {unknown} error */
function reasonFor(error) {
  if (error instanceof VisitRefusedError) return error.message;
  return "The assistant cannot be reached right now. Please try again in a moment.";
}

/** 128 random bits. `crypto.randomUUID` is missing on plain http outside this machine. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} text */
function problemWith(text) {
  const { length } = [...text];
  if (!text.trim()) return "Please write a question first.";
  if (length <= LONGEST_QUESTION_CHARACTERS) return "";
  const surplus = (length - LONGEST_QUESTION_CHARACTERS).toLocaleString();
  return `A question has at most 4,000 characters. Please shorten it by ${surplus}.`;
}

/** @param {string} problem */
function showProblem(problem) {
  page.problem.textContent = problem;
  page.question.setAttribute("aria-invalid", String(problem !== ""));
}

function checkWhileTyping() {
  const { length } = [...page.question.value];
  const counted = length > COUNTED_FROM_CHARACTERS && length <= LONGEST_QUESTION_CHARACTERS;
  page.hint.textContent = counted
    ? `${length.toLocaleString()} of 4,000 characters.`
    : "Enter sends, Shift + Enter starts a new line.";
  showProblem(length > LONGEST_QUESTION_CHARACTERS ? problemWith(page.question.value) : "");
}

/** @param {Chat} chat */
async function submit(chat) {
  await chat.opened; // a quick visitor may press Enter before the visit has begun
  if (chat.busy || !chat.ready) return;
  const text = page.question.value;
  const problem = problemWith(text);
  showProblem(problem);
  page.question.focus();
  if (problem) return;
  page.question.value = "";
  checkWhileTyping();
  chat.ask(text.trim());
}

/** @param {Chat} chat */
function listen(chat) {
  page.form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(chat);
  });
  page.question.addEventListener("input", checkWhileTyping);
  page.question.addEventListener("keydown", (event) => {
    // While a Japanese or Chinese word is being composed, Enter chooses the word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit(chat);
  });
  page.stop.addEventListener("click", () => chat.stop());
  page.newConversation.addEventListener("click", () => chat.startOver());
  page.visitAgain.addEventListener("click", () => chat.open());
}

const chat = new Chat(new URLSearchParams(location.search).get("chatbot") || "demo");
listen(chat);
chat.open();
