"""Components that show the widget, for pages that a JavaScript framework makes.

Each loads the script once, however often it is mounted, shows the widget while it is mounted, and
takes it away after. The names between percent signs are filled in. examples/ has the same with
types.
"""

from typing import Final

_LOADING: Final = """\
let script;

/** The widget's script, loaded once for the whole page. */
function loaded() {
  script ??= new Promise((fulfil, reject) => {
    const element = document.createElement("script");
    Object.assign(element, {
      src: "%source%",
      integrity: "%integrity%",
      crossOrigin: "anonymous",
      onload: () => fulfil(window.Parlance),
      onerror: () => reject(new Error("The chat cannot be loaded.")),
    });
    document.head.append(element);
  });
  return script;
}
"""

REACT: Final = f"""\
import {{ useEffect }} from "react";

{_LOADING}
export function ParlanceChat() {{
  useEffect(() => {{
    let widget;
    let gone = false;
    loaded().then((parlance) => {{
      if (!gone) widget = parlance.init({{ apiUrl: "%api_url%", chatbot: "%embed_key%" }});
    }}, console.error);
    return () => {{
      gone = true;
      widget?.destroy();
    }};
  }}, []);
  return null;
}}
"""

VUE: Final = f"""\
<script>
{_LOADING}</script>

<script setup>
import {{ onBeforeUnmount, onMounted }} from "vue";

let widget;
let gone = false;

onMounted(async () => {{
  const parlance = await loaded();
  if (!gone) widget = parlance.init({{ apiUrl: "%api_url%", chatbot: "%embed_key%" }});
}});
onBeforeUnmount(() => {{
  gone = true;
  widget?.destroy();
}});
</script>

<template><!-- the widget stands at the end of the page --></template>
"""

ANGULAR: Final = """\
import { afterNextRender, Component, type OnDestroy } from "@angular/core";

type Widget = { destroy(): void };
type Parlance = { init(settings: { apiUrl: string; chatbot: string }): Widget };

let script: Promise<Parlance> | undefined;

/** The widget's script, loaded once for the whole page. */
function loaded(): Promise<Parlance> {
  script ??= new Promise((fulfil, reject) => {
    const element = document.createElement("script");
    Object.assign(element, {
      src: "%source%",
      integrity: "%integrity%",
      crossOrigin: "anonymous",
      onload: () => fulfil((window as unknown as { Parlance: Parlance }).Parlance),
      onerror: () => reject(new Error("The chat cannot be loaded.")),
    });
    document.head.append(element);
  });
  return script;
}

@Component({ selector: "app-parlance-chat", template: "" })
export class ParlanceChatComponent implements OnDestroy {
  private widget?: Widget;
  private gone = false;

  constructor() {
    afterNextRender(async () => {
      const parlance = await loaded();
      if (!this.gone) {
        this.widget = parlance.init({ apiUrl: "%api_url%", chatbot: "%embed_key%" });
      }
    });
  }

  ngOnDestroy(): void {
    this.gone = true;
    this.widget?.destroy();
  }
}
"""
