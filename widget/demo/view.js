/**
 * The conversation as elements. Text of visitors, models and sources enters the page as text only,
 * never as markup.
 */

/** @typedef {import("./following.js").Answer} Answer */
/** @typedef {import("./following.js").Citation} Citation */
/** @typedef {import("./following.js").Failure} Failure */

const CITATION_MARKER = /\[(\d{1,3})\]/;
/** So near its end a transcript counts as being read there and follows the answer, in pixels. */
const NEAR_THE_END_PX = 80;
/** A browser's timer cannot wait longer, in milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** The conversation, oldest message first. */
export class Transcript {
  #log;
  #spoken;
  #followsEnd = true;

  /**
   * @param {HTMLElement} log
   * @param {HTMLElement} spoken where a screen reader hears answers sentence by sentence
   */
  constructor(log, spoken) {
    this.#log = log;
    this.#spoken = spoken;
    log.addEventListener("scroll", () => {
      const below = log.scrollHeight - log.scrollTop - log.clientHeight;
      this.#followsEnd = below < NEAR_THE_END_PX;
    });
    // A bubble's text grows without any event of its own.
    new MutationObserver(() => this.#scroll()).observe(log, {
      childList: true,
      characterData: true,
      subtree: true,
    });
  }

  /**
   * @param {string} text
   * @param {string} [messageId]
   */
  addQuestion(text, messageId) {
    const bubble = element("p", "bubble", text);
    bubble.dir = "auto";
    const turn = element("article", "turn from-visitor", bubble);
    turn.setAttribute("aria-label", "You");
    if (messageId) turn.dataset.messageId = messageId;
    this.#followsEnd = true;
    this.#log.append(turn);
    return turn;
  }

  /** @returns {AnswerView} */
  addAnswer() {
    const answer = new AnswerView(new Speech(this.#spoken));
    this.#log.append(answer.turn);
    return answer;
  }

  /**
   * @param {string} text
   * @param {string} language
   */
  addWelcome(text, language) {
    const bubble = element("p", "bubble", text);
    bubble.dir = "auto";
    bubble.lang = language.toLowerCase();
    this.#log.append(element("article", "turn from-chatbot", bubble));
  }

  /**
   * Gives a turn its message's id and takes out the same message where it was restored.
   *
   * @param {HTMLElement} turn
   * @param {string} messageId
   */
  identify(turn, messageId) {
    turn.dataset.messageId = messageId;
    for (const other of this.#log.querySelectorAll("[data-message-id]")) {
      const same = other instanceof HTMLElement && other.dataset.messageId === messageId;
      if (same && other !== turn) other.remove();
    }
  }

  clear() {
    this.#log.replaceChildren();
    this.#spoken.replaceChildren();
  }

  #scroll() {
    if (this.#followsEnd) this.#log.scrollTop = this.#log.scrollHeight;
  }
}

/** One answer, from its first word to its sources. */
export class AnswerView {
  #text = document.createTextNode("");
  #bubble = element("p", "bubble", this.#text);
  #speech;
  turn = element("article", "turn from-chatbot", this.#bubble);

  /** @param {Speech} speech */
  constructor(speech) {
    this.#speech = speech;
    this.#bubble.dir = "auto";
    this.turn.setAttribute("aria-label", "Assistant");
    // Words would be read out one by one; `Speech` says whole sentences instead.
    this.turn.setAttribute("aria-live", "off");
    this.turn.classList.add("streaming");
  }

  /** @param {string} text */
  append(text) {
    this.#text.appendData(text);
    this.#speech.hear(text);
  }

  clear() {
    this.#text.data = "";
    this.#speech.forget();
  }

  /** @param {Answer} answer */
  complete(answer) {
    const followed = this.#text.data !== "";
    this.turn.classList.remove("streaming");
    this.#bubble.replaceChildren(...withMarkers(answer));
    if (followed) this.#speech.finish();
    if (answer.citations.length) this.turn.append(citationList(answer));
    if (answer.status === "STOPPED") this.turn.append(element("p", "note", "Stopped."));
    if (answer.status === "FAILED") this.turn.append(element("p", "note", "No answer."));
  }

  /**
   * Shows why there is no (whole) answer, below the text so far.
   *
   * @param {Pick<Failure, "text" | "retryable" | "retryAt">} failure
   * @param {() => void} retry
   */
  fail({ text, retryable, retryAt }, retry) {
    const reason = element("p", "refusal", text);
    reason.dir = "auto";
    reason.setAttribute("role", "alert");
    this.turn.classList.remove("streaming");
    this.turn.append(reason);
    if (retryable) this.turn.append(retryButton(retry, retryAt));
  }
}

/**
 * @param {() => void} retry
 * @param {string | null} retryAt
 */
function retryButton(retry, retryAt) {
  const button = element("button", "quiet", "Retry");
  button.type = "button";
  button.addEventListener("click", retry, { once: true });
  const wait = retryAt ? Date.parse(retryAt) - Date.now() : 0;
  if (wait > 0) {
    button.disabled = true;
    setTimeout(
      () => {
        button.disabled = false;
      },
      Math.min(wait, LONGEST_TIMER_MS),
    );
  }
  return button;
}

/**
 * The text with each [n] that names a source as a link to it.
 *
 * @param {Answer} answer
 * @returns {(string | HTMLElement)[]}
 */
function withMarkers({ id, content, citations }) {
  const known = new Set(citations.map(({ number }) => String(number)));
  return content.split(CITATION_MARKER).map((part, position) => {
    if (position % 2 === 0) return part;
    return known.has(part) ? marker(id, part) : `[${part}]`;
  });
}

/**
 * @param {string} messageId
 * @param {string} number
 */
function marker(messageId, number) {
  const link = element("a", "", `[${number}]`);
  link.href = `#${citationId(messageId, number)}`;
  link.setAttribute("aria-label", `Source ${number}`);
  return element("sup", "", link);
}

/**
 * @param {string} messageId
 * @param {number | string} number
 */
function citationId(messageId, number) {
  return `source-${messageId}-${number}`;
}

/** @param {Answer} answer */
function citationList({ id, citations }) {
  const items = citations.map((citation) => {
    const quote = element("q", "", citation.quote);
    quote.dir = "auto";
    const number = element("span", "number", String(citation.number));
    const item = element("li", "", number, element("div", "", sourceTitle(citation), quote));
    item.id = citationId(id, citation.number);
    return item;
  });
  const list = element("ol", "", ...items);
  list.setAttribute("role", "list");
  return element("section", "citations", element("h3", "", "Sources"), list);
}

/** @param {Citation} citation */
function sourceTitle({ sourceTitle, anchorUrl, url }) {
  const address = [anchorUrl, url].find(isWebAddress);
  if (!address) {
    const title = element("cite", "", sourceTitle);
    title.dir = "auto";
    return title;
  }
  const link = element("a", "", sourceTitle);
  link.href = address;
  link.target = "_blank";
  link.rel = "noopener noreferrer nofollow";
  link.dir = "auto";
  return link;
}

/**
 * Other schemes run code (`javascript:`) or open programs.
 *
 * @param {string | null} address
 * @returns {address is string}
 */
function isWebAddress(address) {
  return URL.canParse(address ?? "") && /^https?:$/.test(new URL(address ?? "").protocol);
}

/** Says an answer to screen readers in whole sentences while it arrives. */
class Speech {
  #region;
  #unsaid = "";
  #segmenter = new Intl.Segmenter(undefined, { granularity: "sentence" });

  /** @param {HTMLElement} region */
  constructor(region) {
    this.#region = region;
  }

  /** @param {string} text */
  hear(text) {
    this.#unsaid += text;
    const sentences = [...this.#segmenter.segment(this.#unsaid)];
    const last = sentences.pop();
    if (sentences.length) this.#say(sentences.map(({ segment }) => segment).join(""));
    this.#unsaid = last?.segment ?? "";
  }

  finish() {
    this.#say(this.#unsaid);
    this.#unsaid = "";
  }

  forget() {
    this.#unsaid = "";
    this.#region.replaceChildren();
  }

  /** @param {string} text */
  #say(text) {
    if (text.trim()) this.#region.append(element("p", "", text));
  }
}

/**
 * Dresses the page in the chatbot's colour, with black or white text on it, whichever reads better.
 *
 * @param {string} colour
 */
export function dress(colour) {
  const digits = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(colour);
  if (!digits) return;
  const [red, green, blue] = digits
    .slice(1)
    .map((pair) => (Number.parseInt(pair, 16) / 255) ** 2.2);
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  const { style } = document.documentElement;
  style.setProperty("--accent", colour);
  style.setProperty("--on-accent", luminance > 0.18 ? "#000" : "#fff");
}
