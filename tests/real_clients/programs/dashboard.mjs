// A person in a dashboard: signs in, pages through the clients, renames one and meets each refusal.

import { ApolloProvider } from "@apollo/client/react";
import { apollo } from "../built/apollo.js";
import { Clients } from "../built/Clients.js";
import { RenameClient } from "../built/RenameClient.js";
import { signIn } from "../built/session.js";
import { given, requests, tell, until } from "./page.mjs";
import { render, type } from "./screen.mjs";

tell("refused", await signIn(given.email, "not the password"));
tell("signed in", await signIn(given.email, given.password));

const list = render(ApolloProvider, { client: apollo }, Clients);
const names = () => [...list.querySelectorAll("li")].map((item) => item.textContent);
await until(() => names().length > 0);
tell("first page", names());
const more = () => list.querySelector("button");
while (more()) {
  const before = names().length;
  more().click();
  await until(() => names().length > before);
}
tell("all", names());

const cached = () =>
  Object.entries(apollo.cache.extract()).find(([, thing]) => thing.slug === given.slug);
tell("cached", cached());

/** Renames as the form does, and tells what the form says. */
async function rename(client, name) {
  const form = render(ApolloProvider, { client: apollo }, RenameClient, { client });
  const input = await until(() => form.querySelector("input"));
  type(input, name);
  form.querySelector("button").click();
  return until(() => form.querySelector("output").textContent);
}

const [, stale] = cached();
const sent = requests.length;
tell("renamed", await rename(stale, "Bakery & sons"));
await until(() => names().includes("Bakery & sons"));
tell("requests for the change", requests.length - sent);
tell("cached after", cached());
tell("too late", await rename(stale, "Another name"));
tell("invalid", await rename({ ...stale, revision: stale.revision + 1 }, "x".repeat(500)));
tell("unknown", await rename({ ...stale, id: "unknown" }, "Whoever"));
tell("end");
process.exit();
