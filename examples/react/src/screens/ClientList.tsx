import { useQuery } from "@apollo/client/react";
import { useDeferredValue, useState } from "react";
import { Link } from "react-router";
import { graphql } from "../gql";
import { Field } from "../parts/Field";
import { More } from "../parts/More";
import { Waiting } from "../parts/Waiting";
import { NewClient } from "./NewClient";

const CLIENTS = graphql(`
  query Clients($filter: ClientFilter, $after: String) {
    viewer { user { id isAdmin } }
    clients(filter: $filter, first: 24, after: $after) {
      edges { cursor node { id slug name domain active } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`);

/** The clients that the person may see. */
export function ClientList() {
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text.trim());
  const { data, previousData, error, fetchMore } = useQuery(CLIENTS, {
    variables: { filter: wanted ? { text: wanted } : null },
    fetchPolicy: "cache-and-network",
  });
  const shown = data ?? previousData;
  if (!shown) return <Waiting error={error} />;
  const { edges, pageInfo } = shown.clients;
  return (
    <>
      <h1>Clients</h1>
      <div className="narrow-field">
        <Field label="Find">
          <input type="search" value={text} onChange={(event) => setText(event.target.value)} />
        </Field>
      </div>
      <ul className="tiles">
        {edges.map(({ node }) => (
          <li key={node.id}>
            <Link to={`/clients/${node.slug}`} className="card tile">
              <strong>{node.name}</strong>
              <small>{node.domain ?? node.slug}</small>
              {!node.active && <span className="badge">switched off</span>}
            </Link>
          </li>
        ))}
      </ul>
      {edges.length === 0 && <p className="waiting">There is none.</p>}
      <More
        pageInfo={pageInfo}
        more={() => fetchMore({ variables: { after: pageInfo.endCursor } })}
      />
      {shown.viewer?.user?.isAdmin && <NewClient />}
    </>
  );
}
