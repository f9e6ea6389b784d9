import { useQuery, useSubscription } from "@apollo/client/react";
import { useEffect, useRef } from "react";
import { Link } from "react-router";
import { useChange } from "../data/change";
import { graphql } from "../gql";
import type { MessagePartsFragment } from "../gql/graphql";
import { FromNow, type OnLost } from "../parts/FromNow";
import { exactly, shortly } from "../parts/moments";
import { Waiting } from "../parts/Waiting";
import { Written } from "../parts/Written";
import { Status } from "./ConversationList";

export const MESSAGE_PARTS = graphql(`
  fragment MessageParts on Message {
    id sender status content createdAt confidence responseTimeMs
    citations { number sourceTitle url }
    feedback { rating comment }
    llm { id name }
  }
`);
const CONVERSATION = graphql(`
  query Conversation($id: ID!, $before: String) {
    conversation(id: $id) { ...ConversationLine visitor { id userId userEmail } }
    messages(conversationId: $id, last: 50, before: $before) {
      edges { cursor node { ...MessageParts } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`);
const WATCH = graphql(`
  subscription WatchMessages($id: ID!, $after: String!) {
    conversationEvents(conversationId: $id, after: $after) {
      __typename
      cursor
      conversation { ...ConversationLine }
      ... on MessageCreated { newMessage { ...MessageParts } }
      ... on MessageUpdated { changedMessage { ...MessageParts } }
    }
  }
`);

const CLOSE = graphql(`
  mutation CloseConversation($input: CloseConversationInput!) {
    result: closeConversation(input: $input) {
      __typename
      ... on CloseConversationSuccess { conversation { ...ConversationLine } }
      ...Refusal
    }
  }
`);

/** One conversation, as it is written. */
export function Conversation({ id, clientId }: { id: string; clientId: string }) {
  return (
    <section className="card conversation aside" aria-label="Conversation">
      <Link to=".." relative="path" className="back">
        All conversations
      </Link>
      <FromNow clientId={clientId}>
        {(after, onLost) => <Messages id={id} after={after} onLost={onLost} />}
      </FromNow>
    </section>
  );
}

interface Props {
  id: string;
  after: string;
  onLost: OnLost;
}

function Messages({ id, after, onLost }: Props) {
  const close = useChange(CLOSE);
  const end = useRef<HTMLDivElement>(null);
  const { data, error, refetch, fetchMore } = useQuery(CONVERSATION, {
    variables: { id },
    fetchPolicy: "network-only", // read after the position, never before
  });
  useSubscription(WATCH, {
    variables: { id, after },
    ignoreResults: true, // the cache has them
    onData({ data: { data: seen } }) {
      if (seen?.conversationEvents.__typename === "MessageCreated") refetch();
    },
    onError: onLost,
  });
  const count = data?.messages.edges.length;
  useEffect(() => {
    if (count) end.current?.scrollIntoView({ block: "nearest" });
  }, [count]);

  if (!data) return <Waiting error={error} />;
  if (!data.conversation)
    return <p className="waiting">This conversation is not there any more.</p>;
  const { conversation, messages } = data;
  const { userId, userEmail } = conversation.visitor;
  return (
    <>
      <h2>{conversation.title}</h2>
      <p className="facts">
        {userEmail ?? userId ?? "Anonymous visitor"} <Status status={conversation.status} />
      </p>
      {conversation.status !== "CLOSED" && (
        <button
          type="button"
          className="quiet"
          disabled={close.busy}
          onClick={() => close.make({ id })}
        >
          Close
        </button>
      )}
      {close.problem && <p role="alert">{close.problem}</p>}
      {messages.pageInfo.hasPreviousPage && (
        <button
          type="button"
          className="quiet"
          onClick={() => fetchMore({ variables: { before: messages.pageInfo.startCursor } })}
        >
          Earlier messages
        </button>
      )}
      <div className="messages" role="log">
        {messages.edges.map(({ node }) => (
          <Message key={node.id} message={node} />
        ))}
        <div ref={end} />
      </div>
    </>
  );
}

const SENDERS: Record<string, string> = { VISITOR: "Visitor", BOT: "Chatbot", HUMAN: "Agent" };

function Message({ message }: { message: MessagePartsFragment }) {
  const name = SENDERS[message.sender] ?? "System";
  return (
    <article className={`message ${message.sender.toLowerCase()}`} aria-label={name}>
      <header>
        {name}{" "}
        <time dateTime={message.createdAt} title={exactly(message.createdAt)}>
          {shortly(message.createdAt)}
        </time>
      </header>
      {message.status === "STREAMING" ? (
        <Written messageId={message.id} />
      ) : (
        <p className="words">{message.content}</p>
      )}
      <Footnotes message={message} />
    </article>
  );
}

function Footnotes({ message }: { message: MessagePartsFragment }) {
  const facts = [
    message.status === "STOPPED" && "stopped",
    message.status === "FAILED" && "failed",
    message.llm?.name,
    message.responseTimeMs && `${(message.responseTimeMs / 1000).toFixed(1)} s`,
    message.feedback && (message.feedback.rating === "UP" ? "👍" : "👎"),
    message.feedback?.comment,
  ].filter(Boolean);
  return (
    <>
      {message.citations.length > 0 && (
        <ul className="sources">
          {message.citations.map((citation) => (
            <li key={citation.number}>
              [{citation.number}]{" "}
              {citation.url ? (
                <a href={citation.url}>{citation.sourceTitle}</a>
              ) : (
                citation.sourceTitle
              )}
            </li>
          ))}
        </ul>
      )}
      {facts.length > 0 && <small>{facts.join(" · ")}</small>}
    </>
  );
}
