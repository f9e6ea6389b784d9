import {
  afterNextRender,
  Component,
  EventEmitter,
  Input,
  type OnChanges,
  type OnDestroy,
  Output,
} from "@angular/core";
import { type Settings, showWidget, type Widget } from "../parlance";

/**
 * The widget, for as long as this component is there; other settings make another widget. On a
 * server that renders pages it does nothing.
 */
@Component({ selector: "app-parlance-chat", template: "" })
export class ParlanceChatComponent implements OnChanges, OnDestroy {
  @Input({ required: true }) settings!: Settings;
  @Output() readonly ready = new EventEmitter<Widget>();

  private shown?: { remove(): void };
  private rendered = false;

  constructor() {
    afterNextRender(() => {
      this.rendered = true;
      this.show();
    });
  }

  ngOnChanges(): void {
    if (this.rendered) this.show();
  }

  ngOnDestroy(): void {
    this.shown?.remove();
  }

  private show(): void {
    this.shown?.remove();
    this.shown = showWidget(this.settings, (widget) => this.ready.emit(widget));
  }
}
