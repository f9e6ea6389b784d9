import { useQuery } from "@apollo/client/react";
import { type SubmitEvent, useState } from "react";
import { useChange } from "../data/change";
import { uploaded } from "../data/upload";
import { graphql } from "../gql";
import type { AddKnowledgeSourceInput } from "../gql/graphql";
import { Field } from "../parts/Field";

const CHATBOTS = graphql(`
  query ChatbotNames($clientId: ID!) {
    chatbots(clientId: $clientId, first: 100) { edges { node { id draft { name } } } }
  }
`);
const ADD = graphql(`
  mutation AddSource($input: AddKnowledgeSourceInput!) {
    result: addKnowledgeSource(input: $input) {
      __typename
      ... on AddKnowledgeSourceSuccess { source { id title } }
      ...Refusal
    }
  }
`);

const KINDS = {
  TEXT: "A text",
  FILE: "A file",
  URL: "A page",
  SITEMAP: "A sitemap",
  CRAWL: "A site",
};
type Kind = keyof typeof KINDS;

/** The form that adds a source of knowledge. */
export function AddSource({ clientId }: { clientId: string }) {
  const { data } = useQuery(CHATBOTS, { variables: { clientId } });
  const add = useChange(ADD);
  const [kind, setKind] = useState<Kind>("TEXT");
  const [told, setTold] = useState("");
  const [refused, setRefused] = useState("");
  const [added, setAdded] = useState(0);

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    setTold("");
    setRefused("");
    try {
      const done = await add.make(await inputOf(given, kind, clientId));
      if (!done) return;
      setTold(`${done.source.title} was added.`);
      setAdded(added + 1); // an empty form, for the same kind
    } catch (error) {
      setRefused((error as Error).message);
    }
  }
  const only = data?.chatbots.edges.length === 1;
  const problem = refused || add.problem;
  return (
    <form key={added} className="card" onSubmit={submit} aria-label="Add knowledge">
      <h2>Add knowledge</h2>
      <Field label="What">
        <select value={kind} onChange={(event) => setKind(event.target.value as Kind)}>
          {Object.entries(KINDS).map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </Field>
      <Field label="Title" note="Named in citations" problem={add.problems.title}>
        <input name="title" required maxLength={200} />
      </Field>
      {kind === "TEXT" && (
        <Field label="Text" note="Plain or Markdown" problem={add.problems.text}>
          <textarea name="text" rows={6} required />
        </Field>
      )}
      {kind === "FILE" && (
        <Field label="File" note="PDF, Word, HTML, Markdown, text" problem={add.problems.uploadId}>
          <input name="file" type="file" required />
        </Field>
      )}
      {kind !== "TEXT" && kind !== "FILE" && (
        <Field label="Address" problem={add.problems.url}>
          <input name="url" type="url" required placeholder="https://" />
        </Field>
      )}
      <fieldset>
        <legend>For the chatbots</legend>
        {data?.chatbots.edges.map(({ node }) => (
          <label key={node.id} className="tick">
            <input type="checkbox" name="chatbot" value={node.id} defaultChecked={only} />
            {node.draft.name}
          </label>
        ))}
      </fieldset>
      <button type="submit" disabled={add.busy}>
        Add
      </button>
      <output>{told}</output>
      {problem && <p role="alert">{problem}</p>}
    </form>
  );
}

async function inputOf(
  given: FormData,
  kind: Kind,
  clientId: string,
): Promise<AddKnowledgeSourceInput> {
  const input = {
    kind,
    title: `${given.get("title")}`,
    chatbotIds: given.getAll("chatbot").map(String),
  };
  if (kind === "TEXT") return { ...input, text: `${given.get("text")}` };
  if (kind !== "FILE") return { ...input, url: `${given.get("url")}` };
  return { ...input, uploadId: await uploaded(given.get("file") as File, clientId) };
}
