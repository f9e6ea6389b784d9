import { useQuery } from "@apollo/client/react";
import { Link } from "react-router";
import { graphql } from "../gql";
import { More } from "../parts/More";
import { Waiting } from "../parts/Waiting";
import { useClient } from "./Client";
import { NewChatbot } from "./NewChatbot";

const CHATBOTS = graphql(`
  query Chatbots($clientId: ID!, $after: String) {
    client(id: $clientId) {
      id
      chatbots(first: 24, after: $after) {
        edges { cursor node { id active hasUnpublishedChanges draft { name primaryColor } } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
  }
`);

/** The chatbots of a client. */
export function Overview() {
  const client = useClient();
  const { data, error, fetchMore } = useQuery(CHATBOTS, {
    variables: { clientId: client.id },
    fetchPolicy: "cache-and-network",
  });
  if (!data?.client) return <Waiting error={error} />;
  const { edges, pageInfo } = data.client.chatbots;
  return (
    <>
      <ul className="tiles">
        {edges.map(({ node }) => (
          <li key={node.id}>
            <Link to={`chatbots/${node.id}`} className="card tile">
              <strong>
                <i className="dot" style={{ background: node.draft.primaryColor }} />
                {node.draft.name}
              </strong>
              <small>
                {node.active ? "Answers visitors" : "Switched off"}
                {node.hasUnpublishedChanges && ", changes to publish"}
              </small>
            </Link>
          </li>
        ))}
      </ul>
      {edges.length === 0 && <p className="waiting">No chatbot yet.</p>}
      <More
        pageInfo={pageInfo}
        more={() => fetchMore({ variables: { after: pageInfo.endCursor } })}
      />
      <NewChatbot clientId={client.id} />
    </>
  );
}
