// Helpers for React 18 and later, and for preact/compat.
import {
  Component,
  createContext,
  createElement,
  useCallback,
  useContext,
  useEffect,
  useRef,
  type ComponentProps,
  type ErrorInfo,
  type ReactNode,
  type SyntheticEvent,
} from "react";
import type { Calls, Values } from "./index.ts";

const STACK_LENGTH = 1000;
const VISIBLE_SHARE = 0.1;
const Context = createContext<Calls | undefined>(undefined);

/** Holds the tracker for the helpers below it: `<TrackerProvider client={tracker}>`. */
export const TrackerProvider = ({ client, children }: { client: Calls; children?: ReactNode }) =>
  createElement(Context.Provider, { value: client }, children);

/** Returns the tracker of the provider above. */
export function useTracker(): Calls {
  const client = useContext(Context);
  if (!client) throw Error("headwater: put <TrackerProvider client={tracker}> above this component");
  return client;
}

/** Counts a page view on mount and when the path changes; one that is being seen already counts no second time. */
export function usePageTracking(path?: string): void {
  const client = useTracker();
  useEffect(() => client.page(path, undefined, true), [client, path]);
}

/** Returns `track`, the same function at every render. */
export function useTrackEvent(): Calls["track"] {
  const client = useTracker();
  return useCallback((...values) => client.track(...values), [client]);
}

interface TrackProps {
  event: string;
  props?: Values;
  /** At most once per page view, however many components report it. */
  once?: boolean;
  when?: "mount" | "visible";
  children?: ReactNode;
}

/** Reports an event when it is mounted, or when a tenth of it can be seen. */
export function Track({ event, props, once, when, children }: TrackProps): ReactNode {
  const client = useTracker();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const report = () => client.track(event, props, once);
    if (when !== "visible") {
      // StrictMode mounts twice in one go: only what stays is reported.
      const timer = setTimeout(report);
      return () => clearTimeout(timer);
    }
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        observer.disconnect();
        report();
      },
      { threshold: VISIBLE_SHARE },
    );
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, [client, event, when]);
  return when === "visible" ? createElement("div", { ref: place }, children) : children;
}

interface Reported {
  /** Name of the event, and its properties. */
  event: string;
  props?: Values;
}

/** Makes a native element that reports an event, too; it never stops what the element does. */
function trackable<Tag extends "a" | "button" | "form">(tag: Tag, on: "onClick" | "onSubmit") {
  return ({ event, props, ...rest }: Reported & ComponentProps<Tag>) => {
    const client = useTracker();
    const handler = (happened: SyntheticEvent) => {
      const { elements } = happened.currentTarget as HTMLFormElement;
      const fields = elements && { fields: Array.from(elements, (field) => field.getAttribute("name")).filter(Boolean) };
      client.track(event, { ...props, ...fields });
      (rest as Record<string, ((happened: SyntheticEvent) => void) | undefined>)[on]?.(happened);
    };
    return createElement(tag, { ...rest, [on]: handler } as object);
  };
}

export const TrackableLink = trackable("a", "onClick");
export const TrackableButton = trackable("button", "onClick");
/** Reports names of fields, never what is in them. */
export const TrackableForm = trackable("form", "onSubmit");

/** Reports an error below it with its component stack, and shows `fallback` instead. */
export class TrackerErrorBoundary extends Component<{ fallback?: ReactNode; children?: ReactNode }> {
  static override contextType = Context;
  override state = { isBroken: false };
  static getDerivedStateFromError = () => ({ isBroken: true });
  override componentDidCatch({ message }: Error, { componentStack }: ErrorInfo): void {
    const component_stack = componentStack?.slice(0, STACK_LENGTH);
    (this.context as Calls | undefined)?.track("js_error", { message, component_stack });
  }
  override render(): ReactNode {
    return this.state.isBroken ? this.props.fallback : this.props.children;
  }
}
