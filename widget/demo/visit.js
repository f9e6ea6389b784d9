/** What the page asks of the server besides questions. */

import { ANSWER_FIELDS } from "./following.js";
import { GraphqlError, request } from "./transport.js";

const MOST_MESSAGES_RESTORED = 50;

const START_VISIT = `mutation StartVisit($input: StartVisitInput!) {
  startVisit(input: $input) {
    __typename
    ... on StartVisitSuccess {
      widgetToken
      expiresAt
      chatbot {
        name
        primaryColor
        texts { language welcomeMessage starterQuestions placeholder }
      }
    }
    ... on UserError { code message }
  }
}`;

const STOP_ANSWER = `mutation StopAnswer($input: StopAnswerInput!) {
  stopAnswer(input: $input) { __typename }
}`;

const CONVERSATION = `query Conversation($id: ID!, $last: Int!) {
  conversation(id: $id) {
    messages(last: $last) { edges { node { sender ${ANSWER_FIELDS} } } }
  }
}`;

/**
 * @typedef {object} Texts
 * @property {string} language
 * @property {string | null} welcomeMessage
 * @property {string[]} starterQuestions
 * @property {string | null} placeholder
 *
 * @typedef {object} Visit
 * @property {string} widgetToken
 * @property {string} expiresAt
 * @property {{name: string, primaryColor: string, texts: Texts}} chatbot
 *
 * @typedef {import("./following.js").Answer & {sender: string}} Message
 */

/** The server will not have this visit, and says why in the visitor's language. */
export class VisitRefusedError extends Error {
  /**
   * @param {string} message
   * @param {string} code
   */
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

/**
 * @param {string} embedKey
 * @returns {Promise<Visit>}
 * @throws {VisitRefusedError | ConnectionLostError | GraphqlError}
 */
export async function startVisit(embedKey) {
  const input = { embedKey, language: navigator.language };
  /** @type {Visit & {__typename: string, message: string, code: string}} */
  const started = await request(START_VISIT, { input });
  if (started.__typename !== "StartVisitSuccess") {
    throw new VisitRefusedError(started.message, started.code);
  }
  const { widgetToken, expiresAt, chatbot } = started;
  return { widgetToken, expiresAt, chatbot };
}

/**
 * @param {string} messageId
 * @param {string} token
 */
export async function stopAnswer(messageId, token) {
  await request(STOP_ANSWER, { input: { messageId } }, token);
}

/**
 * The newest messages of a conversation, oldest first; none when it is gone.
 *
 * @param {string} id
 * @param {string} token
 * @returns {Promise<Message[]>}
 */
export async function restoreMessages(id, token) {
  try {
    /** @type {{messages: {edges: {node: Message}[]}} | null} */
    const conversation = await request(CONVERSATION, { id, last: MOST_MESSAGES_RESTORED }, token);
    return (conversation?.messages.edges ?? []).map((edge) => edge.node);
  } catch (error) {
    if (error instanceof GraphqlError) return [];
    throw error;
  }
}
