import { useEffect, useRef, useState } from "react";
import { type Settings, showWidget } from "../../../parlance";
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

/** So long must nobody have changed anything before the widget is made anew, in milliseconds. */
const SETTLED_MS = 400;
/** Where an open chat fills the screen, and should wait until somebody opens it. */
const FULL_SCREEN = "(max-width: 480px)";
/** So long before its end a preview's token is exchanged, in milliseconds. */
const SPARE_MS = 30_000;

export type Look = Pick<Settings, "primaryColor" | "secondaryColor" | "theme" | "position">;

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
    const settings: Settings = {
      ...JSON.parse(settled),
      apiUrl: location.origin,
      chatbot: embedKey,
      previewToken: token,
      autoOpen: !matchMedia(FULL_SCREEN).matches,
      autoOpenDelay: 0,
    };
    const shown = showWidget(settings, (widget) => box.current?.append(widget));
    return () => shown.remove();
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
