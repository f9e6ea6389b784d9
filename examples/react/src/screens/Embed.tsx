import { useApolloClient, useQuery } from "@apollo/client/react";
import { useState } from "react";
import { useChange } from "../data/change";
import { graphql } from "../gql";
import type { EmbedKind, PluginFlavour } from "../gql/graphql";
import { Copied } from "../parts/Copied";
import { Field } from "../parts/Field";
import { exactly } from "../parts/moments";
import { Waiting } from "../parts/Waiting";
import { useChatbot } from "./Chatbot";

const SNIPPET = graphql(`
  query Snippet($chatbotId: ID!, $kind: EmbedKind!) {
    embedSnippet(chatbotId: $chatbotId, kind: $kind) { html contentSecurityPolicy }
  }
`);
const PLUGIN = graphql(`
  query Plugin($chatbotId: ID!, $flavour: PluginFlavour!) {
    wordpressPlugin(chatbotId: $chatbotId, flavour: $flavour) {
      fileName
      version
      download { url }
    }
  }
`);
const CONNECT = graphql(`
  mutation ConnectPlugin($input: CreatePluginConnectionInput!) {
    result: createPluginConnection(input: $input) {
      __typename
      ... on CreatePluginConnectionSuccess { connectionCode expiresAt }
      ...Refusal
    }
  }
`);

const KINDS: Record<EmbedKind, string> = {
  SCRIPT: "One line of HTML",
  INIT: "The page's own script",
  ELEMENT: "An element in the page",
  IFRAME: "An iframe",
  REACT: "React",
  VUE: "Vue",
  ANGULAR: "Angular",
};

/** How the chatbot comes to a site: code to paste, or a plugin. */
export function Embed() {
  return (
    <div className="beside even">
      <Snippet />
      <Plugin />
    </div>
  );
}

function Snippet() {
  const { id } = useChatbot();
  const [kind, setKind] = useState<EmbedKind>("SCRIPT");
  const { data, previousData, error } = useQuery(SNIPPET, { variables: { chatbotId: id, kind } });
  const snippet = (data ?? previousData)?.embedSnippet;
  return (
    <section className="card" aria-label="Code">
      <h2>Code to paste</h2>
      <Field label="In which way">
        <select value={kind} onChange={(event) => setKind(event.target.value as EmbedKind)}>
          {Object.entries(KINDS).map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </Field>
      {snippet ? (
        <>
          <Copied key={kind} label="Into the page" text={snippet.html} />
          <Copied label="For a strict policy" text={snippet.contentSecurityPolicy} />
        </>
      ) : (
        <Waiting error={error} />
      )}
    </section>
  );
}

function Plugin() {
  const { id } = useChatbot();
  const apollo = useApolloClient();
  const [problem, setProblem] = useState("");
  const connect = useChange(CONNECT);
  const [code, setCode] = useState<{ connectionCode: string; expiresAt: string } | null>(null);

  /** The address is a secret that is good for a while: it is made when it is opened, and kept nowhere. */
  async function download(flavour: PluginFlavour) {
    setProblem("");
    const variables = { chatbotId: id, flavour };
    const { data, error } = await apollo.query({
      query: PLUGIN,
      variables,
      fetchPolicy: "no-cache",
      errorPolicy: "all",
    });
    if (data?.wordpressPlugin) location.assign(data.wordpressPlugin.download.url);
    else setProblem(error?.message ?? "There is no such chatbot any more.");
  }
  return (
    <section className="card" aria-label="WordPress">
      <h2>WordPress plugin</h2>
      <ol>
        <li>
          Download the plugin and install it under <em>Plugins, Add New, Upload</em>.
          <div className="actions">
            <button type="button" onClick={() => download("DIRECTORY")}>
              Download ZIP
            </button>
            <button type="button" className="quiet" onClick={() => download("SELF_UPDATING")}>
              One that updates itself
            </button>
          </div>
        </li>
        <li>
          Paste a connection code into its settings.
          <div className="actions">
            <button
              type="button"
              disabled={connect.busy}
              onClick={async () => setCode(await connect.make({ chatbotId: id }))}
            >
              Make a code
            </button>
          </div>
        </li>
      </ol>
      {code && (
        <Copied label={`Good once, until ${exactly(code.expiresAt)}`} text={code.connectionCode} />
      )}
      {(problem || connect.problem) && <p role="alert">{problem || connect.problem}</p>}
    </section>
  );
}
