import { useQuery } from "@apollo/client/react";
import { Link } from "react-router";
import { graphql } from "../gql";
import { More } from "../parts/More";
import { Waiting } from "../parts/Waiting";

const CLIENTS = graphql(`
  query Clients($after: String) {
    clients(first: 24, after: $after) {
      edges { cursor node { id slug name domain active } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`);

export function ClientList() {
  const { data, error, fetchMore } = useQuery(CLIENTS, { fetchPolicy: "cache-and-network" });
  if (!data) return <Waiting error={error} />;
  const { edges, pageInfo } = data.clients;
  return (
    <>
      <h1>Clients</h1>
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
      <More
        pageInfo={pageInfo}
        more={() => fetchMore({ variables: { after: pageInfo.endCursor } })}
      />
    </>
  );
}
