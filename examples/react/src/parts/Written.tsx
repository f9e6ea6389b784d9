import { useSubscription } from "@apollo/client/react";
import { useReducer } from "react";
import { heard, noAnswerYet } from "../data/answer";
import { graphql } from "../gql";

const FOLLOW = graphql(`
  subscription Follow($messageId: ID!) {
    answer(messageId: $messageId) { ...AnswerEventParts }
  }
`);

/** An answer that a visitor asked for, while it is written. */
export function Written({ messageId }: { messageId: string }) {
  const [answer, hear] = useReducer(heard, noAnswerYet);
  const { error } = useSubscription(FOLLOW, {
    variables: { messageId },
    fetchPolicy: "no-cache", // single words are nothing to remember
    ignoreResults: true, // every event goes to the reducer, none is merged into the next
    onData: ({ data }) => data.data && hear(data.data.answer),
  });
  if (error) return <p role="alert">{error.message}</p>;
  return (
    <p className="words" aria-busy="true">
      {answer.text || answer.label || "…"}
    </p>
  );
}
