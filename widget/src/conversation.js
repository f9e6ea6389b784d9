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
export function newTurn(key, sender, at) {
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
export function adopt(turn, message) {
  turn.id = message.id;
  turn.status = message.status;
  turn.text = message.content;
  turn.step = "";
  turn.citations = message.citations;
  turn.suggestions = message.suggestions;
  turn.rating = message.feedback?.rating ?? null;
}
