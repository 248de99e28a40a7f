/**
 * @file The hub's hosts: the only ones outside its own that the page's policy lets it speak to. The first has the models' names,
 * lists and small files; it sends the page on to the others for the large ones (us.aws.cdn.hf.co, cas-bridge.xethub.hf.co and so on).
 */

export const HUB = "https://huggingface.co";

const FILES = "hf.co";

/** For `connect-src`. */
export const HUB_SOURCES: readonly string[] = [HUB, `https://*.${FILES}`];

export function isHubs(url: string): boolean {
  const { protocol, hostname, origin } = new URL(url);
  return origin === HUB || (protocol === "https:" && hostname.endsWith(`.${FILES}`));
}
