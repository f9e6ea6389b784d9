import { useEffect, useRef, useState } from "react";
import { loadParlance } from "../../../parlance";
import { useChange } from "../data/change";
import { graphql } from "../gql";

const PREVIEW = graphql(`
  mutation CreatePreview($input: CreatePreviewTokenInput!) {
    result: createPreviewToken(input: $input) {
      __typename
      ... on CreatePreviewTokenSuccess { widgetToken expiresAt }
      ...Refusal
    }
  }
`);

/** Of the widget's element, what the preview uses. */
interface Widget extends HTMLElement {
  open(): Promise<void>;
  destroy(): Promise<void>;
}

/** So long must nobody have changed anything before the widget is made anew, in milliseconds. */
const SETTLED_MS = 400;
/** So long before its end a preview's token is exchanged, in milliseconds. */
const SPARE_MS = 30_000;

export interface Look {
  primaryColor: string;
  secondaryColor: string;
  theme: string;
  position: string;
}

interface Props {
  chatbotId: string;
  embedKey: string;
  /** Of the draft: another one shows another draft. */
  revision: number;
  /** What was chosen and is not saved yet. */
  look: Look;
}

/**
 * The draft in a widget of its own, within a box: a box with a transform holds what is fixed to the
 * window elsewhere. Colours and corner follow at once, texts and answers when the draft is saved.
 */
export function Preview({ chatbotId, embedKey, revision, look }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [token, setToken] = useState("");
  const { make, problem } = useChange(PREVIEW);
  const settled = useSettled(JSON.stringify(look));

  // biome-ignore lint/correctness/useExhaustiveDependencies: a revision is another draft
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let gone = false;
    async function renew() {
      const done = await make({ chatbotId });
      if (gone || !done) return;
      setToken(done.widgetToken);
      timer = setTimeout(renew, Date.parse(done.expiresAt) - Date.now() - SPARE_MS);
    }
    renew();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [chatbotId, revision]);

  useEffect(() => {
    if (!token) return;
    let shown: Widget | null = null;
    let gone = false;
    loadParlance(location.origin).then(() => {
      if (gone) return;
      shown = widget({ chatbot: embedKey, previewToken: token, ...JSON.parse(settled) });
      shown.addEventListener("ready", () => shown?.open(), { once: true });
      box.current?.append(shown);
    });
    return () => {
      gone = true;
      shown?.destroy();
    };
  }, [embedKey, token, settled]);

  return (
    <section className="card preview" aria-label="Preview">
      <h2>Preview</h2>
      <div className="window" ref={box} />
      {problem ? <p role="alert">{problem}</p> : <small>The draft as visitors would see it.</small>}
    </section>
  );
}

/** The value once it has not changed for a while. */
function useSettled<Value>(value: Value): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/** The element with these settings as its attributes, as a page would write it. */
function widget(settings: Record<string, string>): Widget {
  const made = document.createElement("parlance-chat") as Widget;
  made.setAttribute("display", "launcher");
  for (const [name, value] of Object.entries(settings)) {
    made.setAttribute(
      name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      value,
    );
  }
  return made;
}
