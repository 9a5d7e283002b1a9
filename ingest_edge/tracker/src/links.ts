// Links that lead away, and files. Never stops a click: what is sent outlives the page.
import { on, withoutQuery, type Core } from "./core.ts";

const FILES = /\.(pdf|docx?|xlsx?|pptx?|csv|txt|zip|rar|7z|gz|dmg|exe|msi|pkg|deb|rpm|apk|iso|mp[34]|mov|epub|ics)$/i;

export function watchLinks({ emit }: Core): void {
  on("click auxclick", ({ type, button, target }: MouseEvent) => {
    // The middle button opens a tab, the right one a menu.
    if (type === "auxclick" && button !== 1) return;
    const link = (target as Element).closest?.<HTMLAnchorElement>("a[href],area[href]");
    if (!link || !/^https?:$/.test(link.protocol)) return;
    const url = withoutQuery(link.href);
    const extension = FILES.exec(link.pathname)?.[1]?.toLowerCase();
    if (extension || link.hasAttribute("download")) emit("file_download", { url, extension });
    else if (link.host !== location.host) emit("outbound_click", { url });
  });
}
