"""What the demo's chatbot knows: what a newcomer asks about Parlance first."""

from typing import Final

DEMO_KNOWLEDGE: Final = """\
# Parlance

## What is Parlance?
Parlance is a self-hosted platform for AI chatbots that companies embed on their websites. An \
agency runs it for many client companies, and each client's data is kept apart from all others'. \
One GraphQL schema is the whole product's API: queries, mutations, and subscriptions that stream \
answers.

## What happens when the connection drops?
When the connection drops, the answer goes on at the server. The page connects again with the same \
idempotency key and the number of the last event it saw, and gets exactly the rest. Asking twice \
with the same key never asks twice. A visitor can stop an answer at any time and keeps the text so \
far.

## How do I add my own knowledge?
Sign in with the admin account that was printed at the first start. Then send the mutation \
addKnowledgeSource with the chatbot's id, a title and your text. The text is searchable as soon as \
the mutation returns, and answers cite it. Files (PDF, DOCX, Markdown, HTML, CSV), single pages, \
sitemaps and whole sites are read in the background.

## Which language models can it use?
The model called Local needs no key: it answers with the best passages of the knowledge base, word \
for word. OpenAI, Anthropic, Ollama and every OpenAI-compatible address are reached through \
LangChain. Create one with the mutation createLlmConfig, make it the chatbot's default with \
updateChatbot, and publish the chatbot with publishChatbot.

## Where is the data stored?
Everything is stored in MongoDB. Without an address of your own, Parlance starts a private MongoDB \
server in its data folder and keeps the data there between starts. Secrets such as providers' keys \
are sealed before they are stored.

## How do I put the chatbot on my website?
Add one line to your site's pages: a script tag with the chatbot's public embed key. The query \
embedSnippet gives it to you, ready to paste; the chat widget also comes as a custom element, as \
an iframe and for React, Vue and Angular. Each chatbot has a list of allowed origins, and a page \
whose origin is not on the list is refused. While Parlance runs on your own machine, pages on that \
machine may use every chatbot.

## Can I use it with WordPress?
Yes. Each chatbot has a WordPress plugin of its own. Get it with the query wordpressPlugin, upload \
the ZIP in WordPress, activate it, and paste the one-time code of the mutation \
createPluginConnection. The plugin shows the chat, knows signed-in users and can keep the site's \
posts in the knowledge base.

## Which languages does the chat speak?
The widget speaks sixteen languages, Arabic from right to left among them, and follows the \
visitor's browser unless the page says otherwise. Knowledge is found in the language in which it \
is written; a language model answers in the visitor's language.

## What does it cost?
Parlance costs nothing: it is free, open-source software under the Apache License 2.0, and you run \
it on a server of your own. A provider of language models charges what it charges; budgets and \
quotas keep that within limits.

## How do I change answers with my own code?
Attach a hook: a small Python function that sees the question before the language model does, or \
the answer before the visitor does. Hooks run in a sandbox, and can call hosts that the client \
allows.
"""
