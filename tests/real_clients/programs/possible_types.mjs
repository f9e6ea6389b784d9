// A refusal in Apollo's hands, with the possible types that Parlance ships and without any.

import { readFileSync } from "node:fs";
import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { RenameClientDocument } from "../built/gql/graphql.js";
import { given, tell } from "./page.mjs";

const shipped = JSON.parse(readFileSync("src/possible_types.json", "utf8"));
const link = new HttpLink({
  uri: "https://parlance.example/graphql",
  headers: { authorization: `Bearer ${given.token}` },
});
const variables = { input: { id: "unknown", name: "A name" } };

for (const possibleTypes of [shipped, undefined]) {
  const apollo = new ApolloClient({ link, cache: new InMemoryCache({ possibleTypes }) });
  const { data } = await apollo.mutate({ mutation: RenameClientDocument, variables });
  tell(possibleTypes ? "with" : "without", data.updateClient);
}
tell("end");
