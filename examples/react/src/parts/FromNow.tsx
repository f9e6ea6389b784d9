import type { ErrorLike } from "@apollo/client";
import { useQuery } from "@apollo/client/react";
import { Fragment, type ReactNode } from "react";
import { isCode } from "../data/apollo";
import { graphql } from "../gql";
import { Waiting } from "./Waiting";

const POSITION = graphql(`
  query Position($clientId: ID!) { liveCursor(clientId: $clientId) }
`);

/** Gives it to a subscription's onError: a position that nobody knows any more begins anew. */
export type OnLost = (error: ErrorLike) => void;

interface Props {
  clientId: string;
  children: (after: string, onLost: OnLost) => ReactNode;
}

/**
 * Where the stream of a client's events is now. What is inside fetches what it shows and then watches
 * from there on: whatever changes meanwhile is in one of the two.
 */
export function FromNow({ clientId, children }: Props) {
  const { data, error, refetch } = useQuery(POSITION, {
    variables: { clientId },
    fetchPolicy: "network-only",
  });
  if (!data) return <Waiting error={error} />;
  const onLost: OnLost = (problem) => {
    if (isCode(problem, "CURSOR_EXPIRED")) refetch();
  };
  return <Fragment key={data.liveCursor}>{children(data.liveCursor, onLost)}</Fragment>;
}
