// A person follows an answer that a visitor asked for, in the guide's component on Apollo Client.

import { ApolloProvider } from "@apollo/client/react";
import { apollo } from "../built/apollo.js";
import { Follow } from "../built/Follow.js";
import { given, requests, tell } from "./page.mjs";
import { ended, render, watch } from "./screen.mjs";

localStorage.setItem("parlance.session", JSON.stringify(given.session));
const part = render(ApolloProvider, { client: apollo }, Follow, { messageId: given.messageId });
watch(part);
await ended(part);
tell("renewals", requests.filter((body) => body.includes("refreshSession")).length);
tell("end");
process.exit();
