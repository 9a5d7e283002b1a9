// What may not leave the page: every text and every field, unless the page marks it with data-hw-unmask.

/** Attributes that people read, or write into. */
const READ = /^(title|placeholder|alt|label|summary|value|content|aria-(label|description|valuetext|placeholder|roledescription))$/;
const SECRET = /password|\bcc-/;

/** Counts what was let through. */
export const letThrough = { count: 0 };

function stars(text: string): string {
  return text.replace(/\S/g, "*");
}

/** Tells whether the page lets the element's text be seen: of its marked ancestors the nearest counts. */
function isOpen(element: Element | null): boolean {
  const mark = element?.closest?.("[data-hw-unmask],[data-hw-mask]");
  return !!mark && mark.hasAttribute("data-hw-unmask") && !mark.hasAttribute("data-hw-mask");
}

export function maskText(text: string, element: Element | null): string {
  if (!isOpen(element)) return stars(text);
  letThrough.count++;
  return text;
}

/** A password is never seen, not even its length, nor where the page shows it. */
export function maskField(text: string, element: Element | null): string {
  const field = element as HTMLInputElement | null;
  if (!field) return stars(text);
  if (field.type === "password" || field.hasAttribute("data-rr-is-password") || SECRET.test(field.autocomplete))
    return text && "********";
  return maskText(text, element);
}

interface Node {
  id: number;
  attributes?: Record<string, unknown>;
  childNodes?: Node[];
}

/** Masks the attributes of a node in place; rrweb itself masks texts and fields only. */
function maskAttributes(attributes: Record<string, unknown>, element: Element | null): void {
  for (const name in attributes) {
    const value = attributes[name];
    if (typeof value !== "string" || !value) continue;
    if (name === "srcdoc") delete attributes[name];
    else if (READ.test(name)) attributes[name] = name === "value" ? maskField(value, element) : maskText(value, element);
    else if (name === "href" && /^(mailto|tel|sms):/i.test(value)) attributes[name] = "#";
  }
}

function maskNode(node: Node, elementOf: (id: number) => Element | null): void {
  if (node.attributes) maskAttributes(node.attributes, elementOf(node.id));
  for (const child of node.childNodes || []) maskNode(child, elementOf);
}

/** Masks what rrweb leaves open in an event, in place. */
export function maskEvent({ type, data }: { type: number; data: any }, elementOf: (id: number) => Element | null): void {
  if (type === 2) maskNode(data.node, elementOf);
  if (type === 4) data.href = data.href.split(/[?#]/)[0];
  if (type !== 3) return;
  if (data.source === 0) {
    for (const { node } of data.adds) maskNode(node, elementOf);
    for (const { id, attributes } of data.attributes) maskAttributes(attributes, elementOf(id));
  }
  // The choices of radio buttons are not masked by rrweb.
  if (data.source === 5 && data.text) data.text = maskField(data.text, elementOf(data.id));
}
