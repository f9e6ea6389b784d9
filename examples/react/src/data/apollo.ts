/** The client of the API: requests over HTTP, subscriptions over one WebSocket, tokens renewed in time. */

import {
  ApolloClient,
  ApolloLink,
  CombinedGraphQLErrors,
  type ErrorLike,
  HttpLink,
  InMemoryCache,
} from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { ErrorLink } from "@apollo/client/link/error";
import { RetryLink } from "@apollo/client/link/retry";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { OperationTypeNode } from "graphql";
import { createClient } from "graphql-ws";
import { from, switchMap, throwError } from "rxjs";
import possible from "../gql/possible-types";
import { forget, renew, token } from "./session";

/** Nobody, or nobody any more: signing in again is all that helps. */
const SIGNED_OUT = ["UNAUTHENTICATED", "TOKEN_REVOKED"];

/** Whether an error has one of these codes: in errors[], or as the reason of a closed socket. */
export function isCode(error: ErrorLike, ...codes: string[]): boolean {
  if (!CombinedGraphQLErrors.is(error)) return codes.some((code) => error.message.includes(code));
  return error.errors.some((one) => codes.includes(String(one.extensions?.code)));
}

const withToken = new SetContextLink(async ({ headers }) => {
  const accessToken = await token();
  if (!accessToken) return { headers };
  return { accessToken, headers: { ...headers, authorization: `Bearer ${accessToken}` } };
});

const againWithNewToken = new ErrorLink(({ error, operation, forward }) => {
  if (isCode(error, ...SIGNED_OUT)) forget();
  if (!isCode(error, "TOKEN_EXPIRED")) return;
  return from(renew(operation.getContext().accessToken)).pipe(
    switchMap((renewed) => (renewed ? forward(operation) : throwError(() => error))),
  );
});

let tokenOfSocket: string | null = null;

const socket = createClient({
  url: new URL("/graphql", location.href).href.replace(/^http/, "ws"),
  async connectionParams() {
    tokenOfSocket = await token();
    return tokenOfSocket ? { authorization: `Bearer ${tokenOfSocket}` } : {};
  },
  // Lost connections come back, also while the server restarts; a refused token (4403) does not.
  shouldRetry: (problem) => (problem as CloseEvent).code !== 4403,
  retryAttempts: 30,
});

const followOnWithNewToken = new RetryLink({
  delay: { max: 5_000 },
  async attempts(_count, _operation, error) {
    if (isCode(error, ...SIGNED_OUT)) forget();
    return isCode(error, "TOKEN_EXPIRED") && renew(tokenOfSocket);
  },
});

export const apollo = new ApolloClient({
  cache: new InMemoryCache({
    possibleTypes: possible.possibleTypes,
    typePolicies: {
      Query: {
        fields: {
          clients: relayStylePagination(["filter"]),
          conversations: relayStylePagination(["clientId", "filter"]),
          knowledgeSources: relayStylePagination(["clientId"]),
          messages: relayStylePagination(["conversationId"]),
        },
      },
      Client: { fields: { chatbots: relayStylePagination() } },
    },
  }),
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    followOnWithNewToken.concat(new GraphQLWsLink(socket)),
    ApolloLink.from([againWithNewToken, withToken, new HttpLink({ uri: "/graphql" })]),
  ),
});
