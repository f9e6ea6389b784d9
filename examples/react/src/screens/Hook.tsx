import { useQuery } from "@apollo/client/react";
import { type SubmitEvent, useState } from "react";
import { useChange } from "../data/change";
import { graphql } from "../gql";
import type { HookFunction, HookPartsFragment, HookRunPartsFragment } from "../gql/graphql";
import { counted } from "../parts/counted";
import { Field } from "../parts/Field";
import { Waiting } from "../parts/Waiting";
import { useChatbot } from "./Chatbot";

export const HOOK_PARTS = graphql(`
  fragment HookParts on Hook {
    id enabled required disabledReason
    active { id number }
    stats { calls failures p50Ms }
    versions(first: 1) { edges { cursor node { ...HookVersionParts } } }
  }
`);
export const HOOK_VERSION_PARTS = graphql(`
  fragment HookVersionParts on HookVersion {
    id number source valid testedAt functions
    issues { line problem hint }
  }
`);
export const HOOK_RUN_PARTS = graphql(`
  fragment HookRunParts on HookRun {
    verdict problem excerpt resultJson diff prints wallMs memoryMb
    http { method url status problem }
  }
`);
const HOOK = graphql(`
  query Hook($chatbotId: ID!) {
    hook(chatbotId: $chatbotId) { ...HookParts }
  }
`);
const VALIDATE = graphql(`
  mutation ValidateHook($input: ValidateHookInput!) {
    result: validateHook(input: $input) {
      __typename
      ... on ValidateHookSuccess { valid issues { line problem hint } }
      ...Refusal
    }
  }
`);
const SAVE = graphql(`
  mutation SaveHook($input: SaveHookVersionInput!) {
    result: saveHookVersion(input: $input) {
      __typename
      ... on SaveHookVersionSuccess { hook { ...HookParts } version { ...HookVersionParts } }
      ...Refusal
    }
  }
`);
const TEST = graphql(`
  mutation TestHook($input: TestHookInput!) {
    result: testHook(input: $input) {
      __typename
      ... on TestHookSuccess { run { ...HookRunParts } version { ...HookVersionParts } }
      ...Refusal
    }
  }
`);
const ACTIVATE = graphql(`
  mutation ActivateHook($input: ActivateHookVersionInput!) {
    result: activateHookVersion(input: $input) {
      __typename
      ... on ActivateHookVersionSuccess { hook { ...HookParts } }
      ...Refusal
    }
  }
`);
const ENABLE = graphql(`
  mutation EnableHook($input: SetHookEnabledInput!) {
    result: setHookEnabled(input: $input) {
      __typename
      ... on SetHookEnabledSuccess { hook { ...HookParts } }
      ...Refusal
    }
  }
`);

const FIRST = `def before_llm(ctx, message):
    if "order" in message.lower():
        return {"tags": ["order"]}
    return None
`;

/** The client's own Python in each answer: written, checked, tried, and set to work. */
export function Hook() {
  const { id } = useChatbot();
  const { data, error, refetch } = useQuery(HOOK, {
    variables: { chatbotId: id },
    fetchPolicy: "network-only",
  });
  if (!data) return <Waiting error={error} />;
  return <Editor key={id} chatbotId={id} hook={data.hook} refresh={refetch} />;
}

interface Props {
  chatbotId: string;
  hook: HookPartsFragment | null;
  refresh: () => void;
}

function Editor({ chatbotId, hook, refresh }: Props) {
  const newest = hook?.versions.edges.at(0)?.node;
  const [source, setSource] = useState(newest?.source ?? FIRST);
  const validate = useChange(VALIDATE);
  const save = useChange(SAVE);
  const [issues, setIssues] = useState(newest?.issues ?? []);
  const [told, setTold] = useState("");
  const unsaved = source !== newest?.source;

  async function check() {
    setTold("");
    const done = await validate.make({ chatbotId, source });
    if (!done) return;
    setIssues(done.issues);
    setTold(done.valid ? "Nothing is wrong with it." : "");
  }
  async function keep() {
    setTold("");
    const done = await save.make({ chatbotId, source });
    if (!done) return;
    setIssues(done.version.issues);
    setTold(`Version ${done.version.number} is stored. Try it before visitors get it.`);
    refresh();
  }
  return (
    <div className="beside">
      <section className="card" aria-label="Code">
        <Field label="Python">
          <textarea
            className="code"
            rows={22}
            spellCheck={false}
            value={source}
            onChange={(event) => setSource(event.target.value)}
          />
        </Field>
        <div className="actions">
          <button type="button" className="quiet" disabled={validate.busy} onClick={check}>
            Check
          </button>
          <button type="button" disabled={save.busy || !unsaved} onClick={keep}>
            Save version
          </button>
        </div>
        <output>{told}</output>
        {issues.length > 0 && (
          <ul className="issues" aria-label="Problems">
            {issues.map((issue) => (
              <li key={`${issue.line} ${issue.problem}`}>
                Line {issue.line}: {issue.problem} {issue.hint}
              </li>
            ))}
          </ul>
        )}
        {(validate.problem || save.problem) && (
          <p role="alert">{validate.problem || save.problem}</p>
        )}
      </section>
      <div className="stack">
        {hook && <State chatbotId={chatbotId} hook={hook} />}
        {newest && <TestRun version={newest} unsaved={unsaved} refresh={refresh} />}
      </div>
    </div>
  );
}

function State({ chatbotId, hook }: { chatbotId: string; hook: HookPartsFragment }) {
  const enable = useChange(ENABLE);
  const { active, enabled, disabledReason, stats } = hook;
  return (
    <section className="card" aria-label="State">
      <h2>At work</h2>
      <p>
        {active ? `Version ${active.number}` : "No version yet"}
        {active && !enabled && <span className="badge urgent">switched off</span>}
      </p>
      {disabledReason && <p role="alert">{disabledReason}</p>}
      <small>
        {counted(stats.calls, "run")} in the last week, {stats.failures} failed
        {stats.p50Ms !== null && `, half of them within ${stats.p50Ms.toFixed(0)} ms`}
      </small>
      {active && (
        <div className="actions">
          <button
            type="button"
            className="quiet"
            disabled={enable.busy}
            onClick={() => enable.make({ chatbotId, enabled: !enabled })}
          >
            Switch {enabled ? "off" : "on"}
          </button>
        </div>
      )}
      {enable.problem && <p role="alert">{enable.problem}</p>}
    </section>
  );
}

interface TestRunProps {
  version: { id: string; number: number; functions: HookFunction[]; testedAt: string | null };
  unsaved: boolean;
  refresh: () => void;
}

function TestRun({ version, unsaved, refresh }: TestRunProps) {
  const test = useChange(TEST);
  const activate = useChange(ACTIVATE);
  const [run, setRun] = useState<HookRunPartsFragment | null>(null);

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const done = await test.make({
      versionId: version.id,
      function: given.get("function") as HookFunction,
      question: `${given.get("question")}`,
    });
    setRun(done?.run ?? null);
    refresh();
  }
  return (
    <form className="card" onSubmit={submit} aria-label="Test run">
      <h2>Try version {version.number}</h2>
      {unsaved && <p className="notice">What you changed since is not in it: save it first.</p>}
      <Field label="Function">
        <select name="function">
          {version.functions.map((name) => (
            <option key={name} value={name}>
              {name.toLowerCase()}
            </option>
          ))}
        </select>
      </Field>
      <Field label="Question">
        <input name="question" required defaultValue="Where is my order?" />
      </Field>
      <div className="actions">
        <button type="submit" disabled={test.busy || version.functions.length === 0}>
          Run
        </button>
        <button
          type="button"
          disabled={activate.busy || version.testedAt === null}
          onClick={() => activate.make({ versionId: version.id })}
        >
          Set to work
        </button>
      </div>
      {(test.problem || activate.problem) && <p role="alert">{test.problem || activate.problem}</p>}
      {run && <Run run={run} />}
    </form>
  );
}

function Run({ run }: { run: HookRunPartsFragment }) {
  const texts = [run.problem, run.excerpt, run.resultJson, run.diff, run.prints].filter(Boolean);
  return (
    <div role="status" aria-label="What came of it">
      <p>
        <span className={run.verdict === "OK" ? "badge" : "badge urgent"}>
          {run.verdict.toLowerCase().replaceAll("_", " ")}
        </span>{" "}
        <small>
          {run.wallMs.toFixed(1)} ms, {run.memoryMb.toFixed(0)} MB
        </small>
      </p>
      {texts.map((text) => (
        <pre key={text}>{text}</pre>
      ))}
      {run.http.map((call) => (
        <small key={call.url}>
          {call.method} {call.url}: {call.status ?? call.problem}
        </small>
      ))}
    </div>
  );
}
