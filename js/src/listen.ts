/** Handlers of an element's events, by their names; where there is a signal they go with it. */

type Handlers = {
  readonly [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void;
};

export function listen(
  element: HTMLElement,
  handlers: Handlers,
  options?: AddEventListenerOptions,
): void {
  for (const [type, handle] of Object.entries(handlers))
    element.addEventListener(type, handle as EventListener, options);
}
