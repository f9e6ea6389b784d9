import { useQuery, useSubscription } from "@apollo/client/react";
import { useState } from "react";
import { NavLink, useParams } from "react-router";
import { graphql } from "../gql";
import type { ConversationStatus } from "../gql/graphql";
import { counted } from "../parts/counted";
import { FromNow, type OnLost } from "../parts/FromNow";
import { More } from "../parts/More";
import { shortly } from "../parts/moments";
import { Waiting } from "../parts/Waiting";
import { useClient } from "./Client";
import { Conversation } from "./Conversation";

const CONVERSATIONS = graphql(`
  query Conversations($clientId: ID!, $filter: ConversationFilter, $after: String) {
    conversations(clientId: $clientId, filter: $filter, first: 30, after: $after) {
      edges { cursor node { ...ConversationLine } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`);
export const CONVERSATION_LINE = graphql(`
  fragment ConversationLine on Conversation {
    id title status language messageCount lastMessageAt tags
    chatbot { id draft { name } }
  }
`);
const WATCH = graphql(`
  subscription WatchConversations($clientId: ID!, $after: String!) {
    conversationEvents(clientId: $clientId, after: $after) {
      __typename
      cursor
      conversation { ...ConversationLine }
    }
  }
`);

/** A client's conversations as they happen, and the one that is open. */
export function ConversationList() {
  const { id = "" } = useParams();
  const client = useClient();
  return (
    <div className={id ? "panes open" : "panes"}>
      <FromNow clientId={client.id}>
        {(after, onLost) => <Lines clientId={client.id} after={after} onLost={onLost} />}
      </FromNow>
      {id ? (
        <Conversation key={id} id={id} clientId={client.id} />
      ) : (
        <p className="card waiting aside">Choose a conversation.</p>
      )}
    </div>
  );
}

interface Props {
  clientId: string;
  after: string;
  onLost: OnLost;
}

function Lines({ clientId, after, onLost }: Props) {
  const { slug } = useClient();
  const [status, setStatus] = useState<ConversationStatus | "">("");
  const { data, previousData, error, fetchMore, refetch } = useQuery(CONVERSATIONS, {
    variables: { clientId, filter: status ? { statuses: [status] } : null },
    fetchPolicy: "network-only", // read after the position, never before
  });
  useSubscription(WATCH, {
    variables: { clientId, after },
    ignoreResults: true, // the cache has them
    onData({ client, data: { data: seen } }) {
      const event = seen?.conversationEvents;
      if (event?.__typename === "ConversationStarted") refetch();
      // Under a filter another status brings one in, or takes it out.
      if (event?.__typename === "ConversationUpdated" && status) refetch();
      if (event?.__typename === "ConversationDeleted") {
        client.cache.evict({ id: client.cache.identify(event.conversation) });
      }
    },
    onError: onLost,
  });
  const shown = data ?? previousData;
  if (!shown) return <Waiting error={error} />;
  const { edges, pageInfo } = shown.conversations;
  return (
    <nav className="card lines" aria-label="Conversations">
      <select
        aria-label="Which"
        value={status}
        onChange={(event) => setStatus(event.target.value as ConversationStatus | "")}
      >
        <option value="">All</option>
        {Object.entries(STATUS_WORDS).map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
      {edges.length === 0 && (
        <p className="waiting">{status ? "There is none." : "Nobody has asked anything yet."}</p>
      )}
      {edges.map(({ node }) => (
        <NavLink key={node.id} to={`/clients/${slug}/conversations/${node.id}`} className="line">
          <strong>{node.title}</strong>
          <time dateTime={node.lastMessageAt}>{shortly(node.lastMessageAt)}</time>
          <small>
            {node.chatbot.draft.name} · {counted(node.messageCount, "message")}
          </small>
          {node.status !== "OPEN" && <Status status={node.status} />}
        </NavLink>
      ))}
      <More
        pageInfo={pageInfo}
        more={() => fetchMore({ variables: { after: pageInfo.endCursor } })}
      />
    </nav>
  );
}

const STATUS_WORDS: Record<ConversationStatus, string> = {
  OPEN: "open",
  NEEDS_HUMAN: "needs a person",
  CLOSED: "closed",
  ARCHIVED: "archived",
};

/** A conversation's status in words. */
export function Status({ status }: { status: ConversationStatus }) {
  return (
    <span className={status === "NEEDS_HUMAN" ? "badge urgent" : "badge"}>
      {STATUS_WORDS[status] ?? status}
    </span>
  );
}
