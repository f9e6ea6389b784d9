import { useEffect, useRef } from "react";
import { type Settings, showWidget, type Widget } from "../parlance";

export type ParlanceChatProps = Settings & {
  /** Called with the widget when it is there, for `open`, `ask` and the rest. */
  onReady?: (widget: Widget) => void;
};

/**
 * The widget, for as long as this component is mounted. It is made anew when the chatbot or the
 * visitor changes; give it a `key` to have it made anew for anything else.
 */
export function ParlanceChat(props: ParlanceChatProps) {
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  const { apiUrl, chatbot, userId } = props;
  useEffect(() => {
    const { onReady, ...settings } = latest.current;
    const shown = showWidget({ ...settings, apiUrl, chatbot, userId }, (widget) =>
      latest.current.onReady?.(widget),
    );
    return () => shown.remove();
  }, [apiUrl, chatbot, userId]);
  return null;
}
