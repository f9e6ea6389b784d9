import { useQuery } from "@apollo/client/react";
import { type SubmitEvent, useState } from "react";
import { useChange } from "../data/change";
import { nameOf } from "../data/languages";
import { graphql } from "../gql";
import type { ChatbotPartsFragment, ChatbotSettingsInput } from "../gql/graphql";
import { Field } from "../parts/Field";
import { type Look, Preview } from "../parts/Preview";
import { useChatbot } from "./Chatbot";
import { useClient } from "./Client";

const MODELS = graphql(`
  query Models($clientId: ID!) {
    llmConfigs(clientId: $clientId, first: 100) { edges { node { id name active } } }
  }
`);
const UPDATE = graphql(`
  mutation UpdateChatbot($input: UpdateChatbotInput!) {
    result: updateChatbot(input: $input) {
      __typename
      ... on UpdateChatbotSuccess { chatbot { ...ChatbotParts } }
      ... on ConflictError { current { id ...ChatbotParts } }
      ...Refusal
    }
  }
`);
const PUBLISH = graphql(`
  mutation PublishChatbot($input: PublishChatbotInput!) {
    result: publishChatbot(input: $input) {
      __typename
      ... on PublishChatbotSuccess { chatbot { ...ChatbotParts } }
      ...Refusal
    }
  }
`);

type Draft = ChatbotPartsFragment["draft"];
type Texts = Draft["texts"][number];

/** What the widget calls what the API calls so. */
const THEMES = { AUTO: "auto", LIGHT: "light", DARK: "dark" } as const;
const CORNERS = {
  BOTTOM_RIGHT: "bottom-right",
  BOTTOM_LEFT: "bottom-left",
  TOP_RIGHT: "top-right",
  TOP_LEFT: "top-left",
} as const;

/** The settings of a chatbot beside a widget that shows them. */
export function ChatbotSettings() {
  const chatbot = useChatbot();
  const [draft, setDraft] = useState<Draft>(chatbot.draft);
  const look: Look = {
    primaryColor: draft.primaryColor,
    secondaryColor: draft.secondaryColor,
    theme: THEMES[draft.colorScheme],
    position: CORNERS[draft.position],
  };
  return (
    <div className="beside">
      <SettingsForm
        key={chatbot.id}
        chatbot={chatbot}
        draft={draft}
        change={(some) => setDraft({ ...draft, ...some })}
      />
      <Preview
        chatbotId={chatbot.id}
        embedKey={chatbot.embedKey}
        revision={chatbot.revision}
        look={look}
      />
    </div>
  );
}

interface Props {
  chatbot: ChatbotPartsFragment;
  draft: Draft;
  change: (some: Partial<Draft>) => void;
}

function SettingsForm({ chatbot, draft, change }: Props) {
  const update = useChange(UPDATE);
  const publish = useChange(PUBLISH);
  const [told, setTold] = useState("");
  const { id, revision, active } = chatbot;

  async function save(event?: SubmitEvent<HTMLFormElement>): Promise<boolean> {
    event?.preventDefault();
    const done = await update.make({ id, revision, settings: inputOf(draft) });
    setTold(done ? "The draft is saved." : "");
    return done !== null;
  }
  async function saveAndPublish() {
    if (!(await save())) return;
    if (await publish.make({ id })) setTold("Published: visitors have it now.");
  }
  async function switchOnOrOff() {
    const done = await update.make({ id, revision, active: !active });
    setTold(done ? `It is switched ${active ? "off" : "on"}.` : "");
  }
  return (
    <form className="card" onSubmit={save} aria-label="Settings">
      <Words draft={draft} change={change} problems={update.problems} />
      <Looks draft={draft} change={change} problems={update.problems} />
      <Answers draft={draft} change={change} problems={update.problems} />
      <div className="actions">
        <button type="submit" disabled={update.busy}>
          Save draft
        </button>
        <button type="button" disabled={update.busy || publish.busy} onClick={saveAndPublish}>
          Publish
        </button>
        <button type="button" className="quiet" disabled={update.busy} onClick={switchOnOrOff}>
          Switch {active ? "off" : "on"}
        </button>
      </div>
      <output>{told}</output>
      {(update.problem || publish.problem) && (
        <p role="alert">{update.problem || publish.problem}</p>
      )}
    </form>
  );
}

interface Part {
  draft: Draft;
  change: (some: Partial<Draft>) => void;
  problems: Record<string, string>;
}

function Words({ draft, change, problems }: Part) {
  const texts = textsOf(draft);
  const say = (some: Partial<Texts>) => change({ texts: withTexts(draft, some) });
  return (
    <>
      <Field label="Name" problem={problems.name}>
        <input value={draft.name} onChange={(event) => change({ name: event.target.value })} />
      </Field>
      <Field
        label="Welcome message"
        note={`In ${nameOf(draft.defaultLanguage)}`}
        problem={problems.welcomeMessage}
      >
        <textarea
          rows={2}
          value={texts.welcomeMessage ?? ""}
          onChange={(event) => say({ welcomeMessage: event.target.value || null })}
        />
      </Field>
      <Field label="Starter questions" note="One on each line" problem={problems.starterQuestions}>
        <textarea
          rows={3}
          value={texts.starterQuestions.join("\n")}
          onChange={(event) => say({ starterQuestions: event.target.value.split("\n") })}
        />
      </Field>
    </>
  );
}

function Looks({ draft, change, problems }: Part) {
  return (
    <>
      <div className="row">
        <Field label="Primary colour" problem={problems.primaryColor}>
          <input
            type="color"
            value={draft.primaryColor}
            onChange={(event) => change({ primaryColor: event.target.value })}
          />
        </Field>
        <Field label="Secondary colour" problem={problems.secondaryColor}>
          <input
            type="color"
            value={draft.secondaryColor}
            onChange={(event) => change({ secondaryColor: event.target.value })}
          />
        </Field>
      </div>
      <div className="row">
        <Choice
          label="Theme"
          value={draft.colorScheme}
          options={{ AUTO: "The visitor's", LIGHT: "Light", DARK: "Dark" }}
          choose={(colorScheme) => change({ colorScheme })}
        />
        <Choice
          label="Corner"
          value={draft.position}
          options={{
            BOTTOM_RIGHT: "Bottom right",
            BOTTOM_LEFT: "Bottom left",
            TOP_RIGHT: "Top right",
            TOP_LEFT: "Top left",
          }}
          choose={(position) => change({ position })}
        />
      </div>
      <Tick
        label="Show the branding line"
        value={draft.showBranding}
        set={(showBranding) => change({ showBranding })}
      />
      <Tick
        label="Open by itself"
        value={draft.autoOpen}
        set={(autoOpen) => change({ autoOpen })}
      />
    </>
  );
}

function Answers({ draft, change, problems }: Part) {
  const { data } = useQuery(MODELS, { variables: { clientId: useClient().id } });
  const models = Object.fromEntries(
    [draft.defaultLlm, draft.fallbackLlm, ...(data?.llmConfigs.edges ?? []).map(({ node }) => node)]
      .filter((model) => model !== null && model !== undefined)
      .map(({ id, name }) => [id, name]),
  );
  const named = (id: string) => (id ? { id, name: models[id] ?? "" } : null);
  return (
    <>
      <Choice
        label="Answers"
        value={draft.knowledgeMode}
        options={{
          STRICT: "Only from the knowledge",
          GUIDED: "From the knowledge first",
          OPEN: "Anything the model knows",
        }}
        choose={(knowledgeMode) => change({ knowledgeMode })}
      />
      <div className="row">
        <Choice
          label="Language model"
          value={draft.defaultLlm.id}
          options={models}
          problem={problems.defaultLlmId}
          choose={(id) => change({ defaultLlm: named(id) ?? draft.defaultLlm })}
        />
        <Choice
          label="When it fails"
          value={draft.fallbackLlm?.id ?? ""}
          options={{ "": "No other model", ...models }}
          problem={problems.fallbackLlmId}
          choose={(id) => change({ fallbackLlm: named(id) })}
        />
      </div>
      <Field label="Instructions" note="For the model" problem={problems.customInstructions}>
        <textarea
          rows={3}
          value={draft.customInstructions}
          onChange={(event) => change({ customInstructions: event.target.value })}
        />
      </Field>
      <Field
        label="Allowed origins"
        note="Sites that may show it, one on each line, such as https://shop.example.com"
        problem={problems.allowedOrigins}
      >
        <textarea
          rows={2}
          value={draft.allowedOrigins.join("\n")}
          onChange={(event) => change({ allowedOrigins: event.target.value.split("\n") })}
        />
      </Field>
      <Field label="Contact e-mail" problem={problems.contactEmail}>
        <input
          type="email"
          value={draft.contactEmail ?? ""}
          onChange={(event) => change({ contactEmail: event.target.value || null })}
        />
      </Field>
    </>
  );
}

interface ChoiceProps<Value extends string> {
  label: string;
  value: Value;
  options: Record<Value, string>;
  problem?: string | undefined;
  choose: (value: Value) => void;
}

function Choice<Value extends string>(props: ChoiceProps<Value>) {
  const { label, value, options, problem, choose } = props;
  return (
    <Field label={label} problem={problem}>
      <select value={value} onChange={(event) => choose(event.target.value as Value)}>
        {Object.entries<string>(options).map(([option, words]) => (
          <option key={option} value={option}>
            {words}
          </option>
        ))}
      </select>
    </Field>
  );
}

interface TickProps {
  label: string;
  value: boolean;
  set: (value: boolean) => void;
}

function Tick({ label, value, set }: TickProps) {
  return (
    <label className="tick">
      <input type="checkbox" checked={value} onChange={(event) => set(event.target.checked)} />
      {label}
    </label>
  );
}

/** The texts in the chatbot's own language. */
function textsOf({ texts, defaultLanguage }: Draft): Texts {
  const found = texts.find(({ language }) => language === defaultLanguage);
  if (found) return found;
  const none = { welcomeMessage: null, placeholder: null, consentText: null, contactText: null };
  return { language: defaultLanguage, starterQuestions: [], ...none };
}

/** All texts, those in the chatbot's own language changed. */
function withTexts(draft: Draft, some: Partial<Texts>): Texts[] {
  const others = draft.texts.filter(({ language }) => language !== draft.defaultLanguage);
  return [...others, { ...textsOf(draft), ...some }];
}

function inputOf(draft: Draft): ChatbotSettingsInput {
  const { defaultLlm, fallbackLlm, texts, allowedOrigins, ...same } = draft;
  return {
    ...without(same),
    texts: texts.map((one) => ({ ...without(one), starterQuestions: lines(one.starterQuestions) })),
    allowedOrigins: lines(allowedOrigins),
    defaultLlmId: defaultLlm.id,
    fallbackLlmId: fallbackLlm?.id ?? null,
  };
}

function lines(texts: string[]): string[] {
  return texts.map((text) => text.trim()).filter(Boolean);
}

/** Inputs know no __typename, which the cache adds to whatever it holds. */
function without<Value extends object>(value: Value): Omit<Value, "__typename"> {
  const { __typename, ...rest } = value as Value & { __typename?: string };
  return rest as Omit<Value, "__typename">;
}
