/**
 * @file Trusted Types: with the policy that the page is served with, no text becomes markup or a script. The one thing that may is
 * the address of a script of this origin, for a worker. To be called before the first worker is begun, in the page and in workers.
 */

interface TrustedTypes {
  createPolicy(name: "default", rules: { readonly createScriptURL: (address: string) => string | null }): unknown;
}

export function trustOwnScripts(): void {
  const { location } = globalThis;
  // a blob's address begins otherwise, although its origin is this one
  const own = (address: string): boolean => new URL(address, location.href).href.startsWith(`${location.origin}/`);
  const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes };
  trustedTypes?.createPolicy("default", { createScriptURL: (address) => (own(address) ? address : null) });
}
