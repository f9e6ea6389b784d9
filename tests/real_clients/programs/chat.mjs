// A visitor asks in the guide's component on urql, over a WebSocket or over server-sent events.

import { Provider } from "urql";
import { Chat } from "../built/Chat.js";
import { chatClient, startVisit } from "../built/visit.js";
import { given, tell } from "./page.mjs";
import { ended, render, watch } from "./screen.mjs";

tell("unknown chatbot", await startVisit("no such key"));
const visit = await startVisit(given.embedKey);
tell("visit", visit.__typename);
const value = chatClient(visit.widgetToken, given.way);
const part = render(Provider, { value }, Chat, { question: given.question });
watch(part);
await ended(part);
tell("end");
process.exit();
