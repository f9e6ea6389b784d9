import assert from "node:assert/strict";
import { test } from "node:test";
import { Conversation } from "../src/conversation.js";
import { merge, replace } from "../src/merging.js";

const STARTED = {
  __typename: "AnswerStarted",
  seq: 1,
  conversationId: "c",
  questionId: "q",
  messageId: "m",
};

/**
 * @param {number} seq
 * @param {string} text
 */
const delta = (seq, text) => ({ __typename: "AnswerDelta", seq, text });

/** @param {Partial<import("../src/conversation.js").Message>} more */
const message = (more) => ({
  id: "m",
  sender: /** @type {const} */ ("BOT"),
  status: /** @type {const} */ ("COMPLETE"),
  content: "Hello there.",
  createdAt: "2026-11-21T10:00:00Z",
  questionId: "q",
  citations: [],
  suggestions: [],
  feedback: null,
  ...more,
});

function asked() {
  const talk = new Conversation();
  const answer = talk.ask("Hi?", "key", 1);
  /** @param {any[]} events */
  const take = (...events) => events.map((event) => talk.take(answer, event));
  return { talk, answer, take };
}

test("a question is there with its answer to come before anything is sent", () => {
  const { talk, answer } = asked();
  assert.deepEqual(
    talk.turns.map(({ sender, text, status }) => [sender, text, status]),
    [
      ["VISITOR", "Hi?", "COMPLETE"],
      ["BOT", "", "QUEUED"],
    ],
  );
  assert.equal(talk.pending, answer);
});

test("an event that comes twice or late counts once", () => {
  const { answer, take } = asked();
  assert.deepEqual(take(STARTED, delta(2, "Hel"), delta(2, "Hel"), delta(3, "lo")), [
    true,
    true,
    false,
    true,
  ]);
  assert.deepEqual(take(STARTED, delta(3, "lo"), delta(4, "!")), [false, false, true]);
  assert.equal(answer.text, "Hello!");
});

test("whatever is repeated in whatever order, no character is lost or doubled", () => {
  const text = "The quick brown fox jumps over the lazy dog.";
  const events = [STARTED, ...[...text].map((letter, at) => delta(at + 2, letter))];
  for (let from = 0; from < events.length; from += 3) {
    const { answer, take } = asked();
    take(...events.slice(0, from + 5), ...events.slice(from));
    assert.equal(answer.text, text);
  }
});

test("an answer that is begun anew forgets what it said", () => {
  const { answer, take } = asked();
  take(STARTED, delta(2, "lost"), { __typename: "AnswerRestarted", seq: 40 }, delta(41, "found"));
  assert.equal(answer.text, "found");
});

test("the last event brings what the server keeps", () => {
  const { talk, answer, take } = asked();
  take(STARTED, { __typename: "AnswerCompleted", seq: 2, answer: message({ status: "STOPPED" }) });
  assert.equal(answer.status, "STOPPED");
  assert.equal(answer.text, "Hello there.");
  assert.equal(talk.turns[0].id, "q");
  assert.equal(talk.pending, undefined);
});

test("a refusal ends the answer whatever its number", () => {
  const { answer, take } = asked();
  const refusal = {
    __typename: "AnswerFailed",
    code: "RATE_LIMITED",
    text: "Later.",
    retryable: true,
  };
  take(STARTED, delta(2, "a"), delta(3, "b"), { ...refusal, seq: 1 });
  assert.equal(answer.status, "FAILED");
  assert.equal(answer.failure?.text, "Later.");
});

test("what was kept goes on after its last event", () => {
  const { talk, take } = asked();
  take(STARTED, delta(2, "Hel"));
  const again = new Conversation(JSON.parse(JSON.stringify(talk.kept(10))));
  const answer = /** @type {import("../src/conversation.js").Turn} */ (again.pending);
  again.take(answer, /** @type {any} */ (delta(2, "Hel")));
  again.take(answer, /** @type {any} */ (delta(3, "lo")));
  assert.equal(answer.text, "Hello");
  assert.equal(again.questionOf(answer)?.text, "Hi?");
});

test("the server's list is the truth, and what it has not seen stays at the end", () => {
  const { talk, take } = asked();
  take(STARTED, { __typename: "AnswerCompleted", seq: 2, answer: message({}) });
  const waiting = talk.ask("And now?", "other", 5);
  const [question, answer] = talk.turns;
  merge(talk, [
    message({ id: "q", sender: "VISITOR", content: "Hi?", questionId: null }),
    message({ content: "Corrected." }),
  ]);
  assert.deepEqual(
    talk.turns.map((turn) => turn.text),
    ["Hi?", "Corrected.", "And now?", ""],
  );
  assert.equal(talk.turns[0], question, "the same turn, so the same place on the screen");
  assert.equal(talk.turns[1], answer);
  assert.equal(talk.turns[3], waiting);
});

test("what the server has deleted goes", () => {
  const { talk, take } = asked();
  take(STARTED, { __typename: "AnswerCompleted", seq: 2, answer: message({}) });
  merge(talk, []);
  assert.deepEqual(talk.turns, []);
});

test("an answer that is being written elsewhere begins empty and is followed from its first event", () => {
  const talk = new Conversation({ id: "c" });
  merge(talk, [
    message({ id: "q", sender: "VISITOR", content: "Hi?", questionId: null }),
    message({ status: "STREAMING", content: "Half of" }),
  ]);
  assert.equal(talk.pending?.text, "");
  assert.equal(talk.pending?.seq, 0);
});

test("of several answers to a question the newest is shown", () => {
  const talk = new Conversation({ id: "c" });
  merge(talk, [message({ id: "a", content: "Old." }), message({ id: "b", content: "New." })]);
  assert.deepEqual(
    talk.turns.map((turn) => turn.text),
    ["New."],
  );
});

test("earlier messages come before those that are there", () => {
  const talk = new Conversation({ id: "c" });
  merge(talk, [message({ id: "b", content: "Two.", questionId: null })]);
  merge(talk, [message({ id: "a", content: "One.", questionId: null })], true);
  assert.deepEqual(
    talk.turns.map((turn) => turn.text),
    ["One.", "Two."],
  );
});

test("a question can be taken back", () => {
  const { talk, answer } = asked();
  assert.equal(talk.drop(answer), "Hi?");
  assert.deepEqual(talk.turns, []);
});

test("an answer given anew stands in the old one's place", () => {
  const { talk, answer, take } = asked();
  take(STARTED, { __typename: "AnswerCompleted", seq: 2, answer: message({}) });
  const fresh = replace(talk, answer, "m2", 9);
  assert.deepEqual(talk.turns.slice(1), [fresh]);
  assert.equal(talk.questionOf(fresh)?.text, "Hi?");
});
