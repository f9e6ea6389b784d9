/** An answer while it is written: what its numbered events add up to. */

import { graphql } from "../gql";
import type { AnswerEventPartsFragment } from "../gql/graphql";

export const ANSWER_EVENT_PARTS = graphql(`
  fragment AnswerEventParts on AnswerEvent {
    __typename
    seq
    ... on AnswerStep { label }
    ... on AnswerDelta { text }
    ... on AnswerCompleted { answer { id status content } }
    ... on AnswerFailed { code text }
  }
`);

export interface Answer {
  /** The number of the last event. */
  seq: number;
  text: string;
  /** What is being done while there is no text. */
  label: string;
}

export const noAnswerYet: Answer = { seq: 0, text: "", label: "" };

/** The answer after an event. An event that was seen before changes nothing. */
export function heard(answer: Answer, event: AnswerEventPartsFragment): Answer {
  const failed = event.__typename === "AnswerFailed"; // a refusal is number 1, whenever it comes
  if (event.seq <= answer.seq && !failed) return answer;
  const next = { ...answer, seq: event.seq };
  switch (event.__typename) {
    case "AnswerStep":
      return { ...next, label: event.label };
    case "AnswerDelta":
      return { ...next, text: answer.text + event.text };
    case "AnswerRestarted":
      return { ...next, text: "" };
    case "AnswerCompleted":
      return { ...next, text: event.answer.content };
    case "AnswerFailed":
      return { ...next, text: answer.text || event.text };
    default: // an event that did not exist yet
      return next;
  }
}
