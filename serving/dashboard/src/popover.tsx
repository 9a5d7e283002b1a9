// A native popover below the button that opens it. Escape and a click outside close it by themselves.

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface Props {
  readonly label: ComponentChildren;
  readonly buttonClass: string;
  readonly buttonName?: string;
  readonly popClass: string;
  readonly children: ComponentChildren;
}

const MARGIN_PX = 8;

export function Popover({ label, buttonClass, buttonName, popClass, children }: Props) {
  const id = useId();
  return (
    <>
      <button type="button" class={buttonClass} aria-label={buttonName} popovertarget={id}>
        {label}
      </button>
      <div id={id} popover="auto" class={`pop ${popClass}`} onToggle={(event) => place(event.currentTarget)}>
        {children}
      </div>
    </>
  );
}

/** Close the popover that an element stands in, once it has done its work. */
export function closeAround(element: Element): void {
  const pop = element.closest('[popover]');
  if (pop instanceof HTMLElement) pop.hidePopover();
}

function place(pop: HTMLElement): void {
  const button = pop.previousElementSibling;
  if (!button || !pop.matches(':popover-open')) return;
  const at = button.getBoundingClientRect();
  const room = document.documentElement.clientWidth - pop.offsetWidth - MARGIN_PX;
  const below = at.bottom + 4 + pop.offsetHeight <= innerHeight;
  pop.style.left = `${Math.max(MARGIN_PX, Math.min(at.left, room))}px`;
  pop.style.top = `${below ? at.bottom + 4 : Math.max(MARGIN_PX, at.top - pop.offsetHeight - 4)}px`;
}
