/**
 * A conversation and what the server says of it: its list of messages is the truth.
 *
 * No DOM, no network, no clock, as in conversation.js; loaded once there is something to compare.
 */

import { adopt, newTurn } from "./conversation.js";

/** @typedef {import("./conversation.js").Conversation} Conversation */
/** @typedef {import("./conversation.js").Message} Message */
/** @typedef {import("./conversation.js").Turn} Turn */

/**
 * Takes over the server's list; what the server has not seen yet stays at the end.
 *
 * @param {Conversation} talk
 * @param {Message[]} messages oldest first
 * @param {boolean} [earlier] they come before the first turn; else they are the newest ones
 */
export function merge(talk, messages, earlier) {
  const listed = messages.map((message) => turnFor(talk, message));
  const others = talk.turns.filter((turn) => !listed.includes(turn));
  const rest = earlier ? others : others.filter((turn) => !turn.id);
  talk.turns = newestAnswers([...listed, ...rest]);
}

/**
 * @param {Conversation} talk
 * @param {Message} message
 */
function turnFor(talk, message) {
  const known = talk.turns.find((turn) => turn.id === message.id);
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
 * @param {Conversation} talk
 * @param {Turn} old
 * @param {string} id
 * @param {number} at
 * @returns {Turn}
 */
export function replace(talk, old, id, at) {
  const answer = newTurn(id, "BOT", at);
  Object.assign(answer, { id, status: "STREAMING", questionId: old.questionId });
  talk.turns[talk.turns.indexOf(old)] = answer;
  return answer;
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
