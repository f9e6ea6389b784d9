/**
 * A conversation as the visitor sees it: questions, answers, and what events make of them.
 *
 * No DOM, no network, no clock. Everything that arrives may arrive twice or late: an event counts
 * only after the last one of its answer, and the server's list of messages is the truth.
 */

/**
 * @typedef {object} Citation
 * @property {number} number
 * @property {string} sourceTitle
 * @property {string | null} url
 * @property {string | null} anchorUrl
 * @property {string} quote
 *
 * @typedef {object} Message as the server tells it
 * @property {string} id
 * @property {"VISITOR" | "BOT" | "HUMAN" | "SYSTEM"} sender
 * @property {"STREAMING" | "COMPLETE" | "STOPPED" | "FAILED"} status
 * @property {string} content
 * @property {string} createdAt
 * @property {string | null} questionId
 * @property {Citation[]} citations
 * @property {string[]} suggestions
 * @property {{rating: "UP" | "DOWN"} | null} feedback
 *
 * @typedef {object} Failure
 * @property {string} code
 * @property {string} text
 * @property {boolean} retryable
 * @property {string | null} [retryAt]
 *
 * @typedef {(
 *   | {__typename: "AnswerStarted", conversationId: string, questionId: string, messageId: string}
 *   | {__typename: "AnswerStep", label: string}
 *   | {__typename: "AnswerDelta", text: string}
 *   | {__typename: "AnswerRestarted"}
 *   | {__typename: "AnswerCompleted", answer: Message}
 *   | ({__typename: "AnswerFailed"} & Failure)
 * ) & {seq: number}} AnswerEvent
 *
 * @typedef {object} Turn
 * @property {string} key lasting, of this browser; of an answer the idempotency key of its question
 * @property {string | null} id the server's
 * @property {Message["sender"]} sender
 * @property {"QUEUED" | Message["status"]} status QUEUED: the server has not named it yet
 * @property {string} text
 * @property {number} at milliseconds since 1970
 * @property {number} seq the last event that is in it
 * @property {string} step
 * @property {string | null} questionId
 * @property {Citation[]} citations
 * @property {string[]} suggestions
 * @property {"UP" | "DOWN" | null} rating
 * @property {Failure | null} failure
 */

const ENDINGS = ["AnswerCompleted", "AnswerFailed"];

export class Conversation {
  /** @type {string | null} null: it begins with the next question */
  id = null;
  title = "";
  /** @type {Turn[]} */
  turns = [];
  /** Where the page before the first turn ends; "" when there is none. */
  before = "";

  /** @param {Partial<Pick<Conversation, "id" | "title" | "turns">>} [kept] from `kept` */
  constructor(kept) {
    Object.assign(this, kept);
  }

  /** @param {number} most turns */
  kept(most) {
    return { id: this.id, title: this.title, turns: this.turns.slice(-most) };
  }

  /** The answer that is under way here, if any. */
  get pending() {
    return this.turns.find((turn) => turn.status === "QUEUED" || turn.status === "STREAMING");
  }

  /**
   * @param {string} text
   * @param {string} key
   * @param {number} at
   * @returns {Turn} the answer to come
   */
  ask(text, key, at) {
    const question = newTurn(`${key}?`, "VISITOR", at);
    question.text = text;
    question.status = "COMPLETE";
    const answer = newTurn(key, "BOT", at);
    this.turns.push(question, answer);
    return answer;
  }

  /**
   * @param {Turn} answer
   * @returns {Turn | undefined}
   */
  questionOf(answer) {
    return this.turns.find(
      (turn) => turn.key === `${answer.key}?` || (turn.id && turn.id === answer.questionId),
    );
  }

  /**
   * @param {Turn} answer
   * @param {AnswerEvent} event
   * @returns {boolean} false: it is in there already
   */
  take(answer, event) {
    // A refusal carries number 1 even when it meets a question that was under way.
    if (event.seq <= answer.seq && !ENDINGS.includes(event.__typename)) return false;
    answer.seq = event.seq;
    switch (event.__typename) {
      case "AnswerStarted":
        this.#start(answer, event);
        break;
      case "AnswerStep":
        answer.step = event.label;
        break;
      case "AnswerDelta":
        answer.step = "";
        answer.text += event.text;
        break;
      case "AnswerRestarted":
        answer.text = "";
        break;
      case "AnswerCompleted":
        this.#complete(answer, event.answer);
        break;
      case "AnswerFailed":
        answer.status = "FAILED";
        answer.failure = event;
        break;
    }
    return true;
  }

  /**
   * @param {Turn} answer
   * @param {{conversationId: string, questionId: string, messageId: string}} started
   */
  #start(answer, { conversationId, questionId, messageId }) {
    this.id = conversationId;
    this.#name(answer, questionId);
    answer.id = messageId;
    answer.status = "STREAMING";
  }

  /**
   * @param {Turn} answer
   * @param {string | null} questionId
   */
  #name(answer, questionId) {
    const question = this.questionOf(answer);
    if (question && questionId) question.id = questionId;
    answer.questionId = questionId ?? answer.questionId;
  }

  /**
   * @param {Turn} answer
   * @param {Message} message
   */
  #complete(answer, message) {
    this.#name(answer, message.questionId);
    adopt(answer, message);
  }

  /**
   * Takes over the server's list; what the server has not seen yet stays at the end.
   *
   * @param {Message[]} messages oldest first
   * @param {boolean} [earlier] they come before the first turn; else they are the newest ones
   */
  merge(messages, earlier) {
    const listed = messages.map((message) => this.#turnFor(message));
    const others = this.turns.filter((turn) => !listed.includes(turn));
    const rest = earlier ? others : others.filter((turn) => !turn.id);
    this.turns = newestAnswers([...listed, ...rest]);
  }

  /** @param {Message} message */
  #turnFor(message) {
    const known = this.turns.find((turn) => turn.id === message.id);
    const turn = known ?? newTurn(message.id, message.sender, 0);
    if (message.status !== "STREAMING") adopt(turn, message);
    else if (!known) Object.assign(turn, { id: message.id, status: "STREAMING" });
    turn.questionId = message.questionId;
    turn.at = Date.parse(message.createdAt);
    return turn;
  }

  /**
   * A further answer to the same question stands in the old one's place.
   *
   * @param {Turn} old
   * @param {string} id
   * @param {number} at
   * @returns {Turn}
   */
  replace(old, id, at) {
    const answer = newTurn(id, "BOT", at);
    Object.assign(answer, { id, status: "STREAMING", questionId: old.questionId });
    this.turns[this.turns.indexOf(old)] = answer;
    return answer;
  }

  /**
   * Takes a question back with its answer.
   *
   * @param {Turn} answer
   * @returns {string} the question's text
   */
  drop(answer) {
    const question = this.questionOf(answer);
    this.turns = this.turns.filter((turn) => turn !== answer && turn !== question);
    return question?.text ?? "";
  }
}

/**
 * @param {string} key
 * @param {Message["sender"]} sender
 * @param {number} at
 * @returns {Turn}
 */
function newTurn(key, sender, at) {
  return {
    key,
    id: null,
    sender,
    status: "QUEUED",
    text: "",
    at,
    seq: 0,
    step: "",
    questionId: null,
    citations: [],
    suggestions: [],
    rating: null,
    failure: null,
  };
}

/**
 * @param {Turn} turn
 * @param {Message} message
 */
function adopt(turn, message) {
  turn.id = message.id;
  turn.status = message.status;
  turn.text = message.content;
  turn.step = "";
  turn.citations = message.citations;
  turn.suggestions = message.suggestions;
  turn.rating = message.feedback?.rating ?? null;
}

/**
 * Of several answers to one question the last.
 *
 * @param {Turn[]} turns
 */
function newestAnswers(turns) {
  return turns.filter(
    (turn, at) =>
      turn.sender !== "BOT" ||
      !turn.questionId ||
      !turns
        .slice(at + 1)
        .some((later) => later.sender === "BOT" && later.questionId === turn.questionId),
  );
}
