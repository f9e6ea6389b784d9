/** The widget's script and its types, for any framework: copy this file into your project. */

export type Settings = {
  /** The chatbot's embed key. It is public. */
  chatbot: string;
  /** Where Parlance runs, such as "https://chat.example.com". */
  apiUrl: string;
  /** Fetches the token with which your backend signs the visitor in; null for a stranger. */
  getToken?: () => string | null | Promise<string | null>;
  /** Whom `getToken` speaks for. Another value is another visitor. */
  userId?: string;
  userEmail?: string;
  theme?: "light" | "dark" | "auto";
  position?: "bottom-right" | "bottom-left" | "top-right" | "top-left";
  primaryColor?: string;
  secondaryColor?: string;
  bubbleIcon?: string;
  /** BCP 47, such as "de"; else the page's language, else the browser's. */
  locale?: string;
  greeting?: string;
  autoOpen?: boolean;
  /** In milliseconds. */
  autoOpenDelay?: number;
  zIndex?: number;
  /** From `createPreviewToken`: the draft is shown, for a quarter of an hour. */
  previewToken?: string;
};

export type EventName = "ready" | "open" | "close" | "question" | "answer" | "error" | "unread";

export type Widget = HTMLElement & {
  open(): Promise<void>;
  close(): Promise<void>;
  toggle(): Promise<void>;
  ask(text: string): Promise<void>;
  identify(who: Pick<Settings, "getToken" | "userId" | "userEmail"> | null): Promise<void>;
  on(name: EventName, listener: EventListener): void;
  off(name: EventName, listener: EventListener): void;
  destroy(): Promise<void>;
};

export type Parlance = { version: string; init(settings: Settings): Widget };

declare global {
  interface Window {
    Parlance?: Parlance;
  }
}

const scripts = new Map<string, Promise<Parlance>>();

/** The widget of this installation; its script is loaded once, whoever asks how often. */
export function loadParlance(apiUrl: string): Promise<Parlance> {
  const known = scripts.get(apiUrl);
  if (known) return known;
  const loading = new Promise<Parlance>((fulfil, reject) => {
    const script = document.createElement("script");
    script.src = `${apiUrl}/widget.js`;
    script.onload = () => (window.Parlance ? fulfil(window.Parlance) : script.onerror?.("error"));
    script.onerror = () => {
      scripts.delete(apiUrl);
      script.remove();
      reject(new Error(`${script.src} cannot be loaded`));
    };
    document.head.append(script);
  });
  scripts.set(apiUrl, loading);
  return loading;
}

/** Shows a widget until `remove` is called, also when that is before the script has come. */
export function showWidget(
  settings: Settings,
  shown: (widget: Widget) => void = () => {},
): { remove(): void } {
  let widget: Widget | undefined;
  let removed = false;
  loadParlance(settings.apiUrl).then(
    (parlance) => {
      if (removed) return;
      widget = parlance.init(settings);
      shown(widget);
    },
    (error: Error) => console.error("Parlance:", error.message),
  );
  return {
    remove() {
      removed = true;
      widget?.destroy();
    },
  };
}
