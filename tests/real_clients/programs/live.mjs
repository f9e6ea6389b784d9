// A person watches a client's conversations in the guide's component on Apollo Client.

import { ApolloProvider } from "@apollo/client/react";
import { apollo } from "../built/apollo.js";
import { LiveConversations } from "../built/LiveConversations.js";
import { given, tell } from "./page.mjs";
import { render, watch } from "./screen.mjs";

localStorage.setItem("parlance.session", JSON.stringify(given.session));
const part = render(ApolloProvider, { client: apollo }, LiveConversations, {
  clientId: given.clientId,
});
watch(part);
tell("watching");
