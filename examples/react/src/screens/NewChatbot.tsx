import type { SubmitEvent } from "react";
import { useNavigate } from "react-router";
import { useChange } from "../data/change";
import { graphql } from "../gql";
import { Field } from "../parts/Field";

const CREATE = graphql(`
  mutation CreateChatbot($input: CreateChatbotInput!) {
    result: createChatbot(input: $input) {
      __typename
      ... on CreateChatbotSuccess { chatbot { ...ChatbotParts } }
      ...Refusal
    }
  }
`);

/** For editors and owners: a new chatbot of a client. */
export function NewChatbot({ clientId }: { clientId: string }) {
  const { make, busy, problem, problems } = useChange(CREATE);
  const navigate = useNavigate();

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const name = `${new FormData(event.currentTarget).get("name")}`;
    const done = await make({ clientId, name });
    if (done) navigate(`chatbots/${done.chatbot.id}`);
  }
  return (
    <details className="card">
      <summary>New chatbot</summary>
      <form onSubmit={submit} aria-label="New chatbot">
        <Field label="Name" problem={problems.name}>
          <input name="name" required maxLength={100} />
        </Field>
        <button type="submit" disabled={busy}>
          Create
        </button>
        {problem && <p role="alert">{problem}</p>}
      </form>
    </details>
  );
}
