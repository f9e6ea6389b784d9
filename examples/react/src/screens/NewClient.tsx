import type { SubmitEvent } from "react";
import { useNavigate } from "react-router";
import { useChange } from "../data/change";
import { graphql } from "../gql";
import { Field } from "../parts/Field";

const CREATE = graphql(`
  mutation CreateClient($input: CreateClientInput!) {
    result: createClient(input: $input) {
      __typename
      ... on CreateClientSuccess { client { id slug } }
      ...Refusal
    }
  }
`);

/** For platform admins: a new client. */
export function NewClient() {
  const { make, busy, problem, problems } = useChange(CREATE);
  const navigate = useNavigate();

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const text = (name: string) => `${given.get(name)}`.trim();
    const done = await make({
      name: text("name"),
      slug: text("slug"),
      domain: text("domain") || null,
    });
    if (done) navigate(`/clients/${done.client.slug}`);
  }
  return (
    <details className="card">
      <summary>New client</summary>
      <form onSubmit={submit} aria-label="New client">
        <Field label="Name" problem={problems.name}>
          <input name="name" required />
        </Field>
        <Field
          label="Short name"
          note="For addresses and tokens, such as tea-shop; it stays"
          problem={problems.slug}
        >
          <input name="slug" required />
        </Field>
        <Field label="Domain" note="Such as tea.example.com" problem={problems.domain}>
          <input name="domain" />
        </Field>
        <button type="submit" disabled={busy}>
          Create
        </button>
        {problem && <p role="alert">{problem}</p>}
      </form>
    </details>
  );
}
