// Server-sent events by graphql-sse itself and by urql's own fetchSubscriptions.

import { print } from "graphql";
import { createClient } from "graphql-sse";
import { Client, fetchExchange } from "urql";
import { AskDocument } from "../built/gql/graphql.js";
import { given, tell } from "./page.mjs";

const url = "https://parlance.example/graphql";
const headers = { authorization: `Bearer ${given.token}` };
const variables = { input: given.question };

const client = createClient({ url, headers, retryAttempts: 0 });
const kinds = [];
for await (const { data, errors } of client.iterate({ query: print(AskDocument), variables })) {
  kinds.push(errors ? errors[0].extensions.code : data.ask.__typename);
}
tell("graphql-sse", kinds);

const urql = new Client({
  url,
  exchanges: [fetchExchange],
  fetchOptions: { headers },
  fetchSubscriptions: true,
});
const seen = [];
await new Promise((over) => {
  urql.subscription(AskDocument, variables).subscribe(({ data, error, hasNext }) => {
    if (!hasNext)
      over(); // the end repeats the last event
    else seen.push(error?.graphQLErrors[0].extensions.code ?? data.ask.__typename);
  });
});
tell("urql", seen);
tell("end");
process.exit();
