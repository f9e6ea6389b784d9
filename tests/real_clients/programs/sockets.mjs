// graphql-ws by itself: one subscription of the guide, and how its socket ends.

import { print } from "graphql";
import { createClient } from "graphql-ws";
import { AskDocument, FollowDocument } from "../built/gql/graphql.js";
import { closes, given, tell, until } from "./page.mjs";

const retryAll = () => true;
const refusedIsFinal = ({ code }) => code !== 4403;

const client = createClient({
  url: "wss://parlance.example/graphql",
  connectionParams: { authorization: `Bearer ${given.token}` },
  lazy: !given.stay,
  onNonLazyError: () => null,
  retryAttempts: given.retryAttempts,
  retryWait: () => Promise.resolve(),
  shouldRetry: given.retryAll ? retryAll : refusedIsFinal,
});
const query = print(given.follow ? FollowDocument : AskDocument);
try {
  for await (const { data, errors } of client.iterate({ query, variables: given.variables })) {
    tell("event", errors ?? Object.values(data)[0]);
  }
  tell("completed");
} catch (error) {
  tell("error", Array.isArray(error) ? error.map(({ extensions }) => extensions.code) : error.code);
}
await until(() => closes.length > 0);
tell("end");
process.exit();
