import { useQuery, useSubscription } from "@apollo/client/react";
import { useState } from "react";
import { useChange } from "../data/change";
import { graphql } from "../gql";
import type { KnowledgeKind, KnowledgeStatus, SourcePartsFragment } from "../gql/graphql";
import { counted } from "../parts/counted";
import { FromNow, type OnLost } from "../parts/FromNow";
import { More } from "../parts/More";
import { exactly } from "../parts/moments";
import { Waiting } from "../parts/Waiting";
import { AddSource } from "./AddSource";
import { useClient } from "./Client";

export const SOURCE_PARTS = graphql(`
  fragment SourceParts on KnowledgeSource {
    id title kind url status pageCount chunkCount lastSyncedAt
    progress { done total phase }
    problems { url reason }
    chatbots { id draft { name } }
  }
`);
const SOURCES = graphql(`
  query Sources($clientId: ID!, $after: String) {
    knowledgeSources(clientId: $clientId, first: 30, after: $after) {
      edges { cursor node { ...SourceParts } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`);
const WATCH = graphql(`
  subscription WatchSources($clientId: ID!, $after: String!) {
    knowledgeEvents(clientId: $clientId, after: $after) {
      __typename
      cursor
      ... on KnowledgeSourceChanged { source { ...SourceParts } }
      ... on KnowledgeSourceDeleted { deletedId }
    }
  }
`);
const SYNC = graphql(`
  mutation SyncSource($input: SyncKnowledgeSourceInput!) {
    result: syncKnowledgeSource(input: $input) {
      __typename
      ... on SyncKnowledgeSourceSuccess { source { ...SourceParts } }
      ...Refusal
    }
  }
`);
const DELETE = graphql(`
  mutation DeleteSource($input: DeleteKnowledgeSourceInput!) {
    result: deleteKnowledgeSource(input: $input) {
      __typename
      ... on DeleteKnowledgeSourceSuccess { deletedId }
      ...Refusal
    }
  }
`);

/** What a client's chatbots answer from, with how far each is read. */
export function Knowledge() {
  const { id } = useClient();
  return (
    <div className="beside">
      <FromNow clientId={id}>
        {(after, onLost) => <Sources clientId={id} after={after} onLost={onLost} />}
      </FromNow>
      <AddSource clientId={id} />
    </div>
  );
}

interface Props {
  clientId: string;
  after: string;
  onLost: OnLost;
}

function Sources({ clientId, after, onLost }: Props) {
  const { data, error, fetchMore, refetch } = useQuery(SOURCES, {
    variables: { clientId },
    fetchPolicy: "network-only", // read after the position, never before
  });
  const shown = new Set(data?.knowledgeSources.edges.map(({ node }) => node.id));
  useSubscription(WATCH, {
    variables: { clientId, after },
    ignoreResults: true, // the cache has them
    onData({ client, data: { data: seen } }) {
      const event = seen?.knowledgeEvents;
      if (event?.__typename === "KnowledgeSourceDeleted") {
        client.cache.evict({ id: `KnowledgeSource:${event.deletedId}` });
      }
      if (event?.__typename === "KnowledgeSourceChanged" && !shown.has(event.source.id)) refetch();
    },
    onError: onLost,
  });
  if (!data) return <Waiting error={error} />;
  const { edges, pageInfo } = data.knowledgeSources;
  return (
    <section aria-label="Sources">
      {edges.length === 0 && <p className="card waiting">Nothing yet: add a text or a site.</p>}
      <ul className="rows cards">
        {edges.map(({ node }) => (
          <Source key={node.id} source={node} />
        ))}
      </ul>
      <More
        pageInfo={pageInfo}
        more={() => fetchMore({ variables: { after: pageInfo.endCursor } })}
      />
    </section>
  );
}

const STATUS_WORDS: Record<KnowledgeStatus, string> = {
  QUEUED: "waits",
  SYNCING: "is read",
  READY: "ready",
  STALE: "to be read anew",
  FAILED: "failed",
};

/** Kinds with an address that can be read again. */
const READ_ANEW: KnowledgeKind[] = ["URL", "SITEMAP", "CRAWL"];

function Source({ source }: { source: SourcePartsFragment }) {
  const sync = useChange(SYNC);
  const remove = useChange(DELETE);
  const [sure, setSure] = useState(false);
  const { id, title, status, progress, problems } = source;
  return (
    <li className="card">
      <header className="row">
        <strong>{title}</strong>
        <span className={status === "FAILED" ? "badge urgent" : "badge"}>
          {STATUS_WORDS[status] ?? status}
        </span>
      </header>
      {source.url && <small className="address">{source.url}</small>}
      {progress && <Progress progress={progress} />}
      <small>
        {counted(source.pageCount, "page")}, {counted(source.chunkCount, "passage")}, for{" "}
        {source.chatbots.map(({ draft }) => draft.name).join(", ")}
        {source.lastSyncedAt && `; read ${exactly(source.lastSyncedAt)}`}
      </small>
      {problems.length > 0 && (
        <details>
          <summary>{counted(problems.length, "page")} could not be read</summary>
          <ul>
            {problems.map((problem) => (
              <li key={problem.url}>
                {problem.url}: {problem.reason}
              </li>
            ))}
          </ul>
        </details>
      )}
      <div className="actions">
        {READ_ANEW.includes(source.kind) && (
          <button
            type="button"
            className="quiet"
            disabled={sync.busy}
            onClick={() => sync.make({ id })}
          >
            Read again
          </button>
        )}
        <button
          type="button"
          className="quiet"
          disabled={remove.busy}
          onClick={() => (sure ? remove.make({ id }) : setSure(true))}
        >
          {sure ? "Really delete it" : "Delete"}
        </button>
      </div>
      {(sync.problem || remove.problem) && <p role="alert">{sync.problem || remove.problem}</p>}
    </li>
  );
}

function Progress({ progress }: { progress: NonNullable<SourcePartsFragment["progress"]> }) {
  const { done, total, phase } = progress;
  return (
    <label className="progress">
      <small>
        {phase}: {done}
        {total !== null && ` of ${total}`}
      </small>
      <progress value={total === null ? undefined : done} max={total ?? undefined} />
    </label>
  );
}
