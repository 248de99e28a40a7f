/** @file The screen in the address: #start, #pairs, #iterate/2, #compare, #compare/3/0-2, #vote, #vote/2-0, #report. */

export type Route =
  | { readonly screen: "start" }
  | { readonly screen: "pairs" }
  | { readonly screen: "iterate"; readonly iteration: number | null }
  | { readonly screen: "compare"; readonly viewer: Viewed | null }
  /** null: the newest node against its parent */
  | { readonly screen: "vote"; readonly rivals: VotedOn | null }
  | { readonly screen: "report" };

/** One prompt, seen through two iterations. */
export interface Viewed {
  readonly prompt: number;
  readonly left: number;
  readonly right: number;
}

/** Two nodes by their numbers: how often is the first preferred to the second? */
export interface VotedOn {
  readonly a: number;
  readonly b: number;
}

export type ScreenName = Route["screen"];

export function parseRoute(hash: string): Route {
  const [screen = "", first = "", second = ""] = hash.replace(/^#/, "").split("/");
  if (screen === "pairs" || screen === "report") return { screen };
  if (screen === "iterate") return { screen, iteration: /^\d{1,4}$/.test(first) ? Number(first) : null };
  if (screen === "compare") {
    const sides = /^(\d{1,4})-(\d{1,4})$/.exec(second);
    if (!/^\d{1,3}$/.test(first) || sides === null) return { screen, viewer: null };
    return { screen, viewer: { prompt: Number(first), left: Number(sides[1]), right: Number(sides[2]) } };
  }
  if (screen === "vote") {
    const both = /^(\d{1,4})-(\d{1,4})$/.exec(first);
    return { screen, rivals: both === null ? null : { a: Number(both[1]), b: Number(both[2]) } };
  }
  return { screen: "start" };
}

export function printRoute(route: Route): string {
  if (route.screen === "iterate" && route.iteration !== null) return `#iterate/${route.iteration}`;
  if (route.screen === "compare" && route.viewer !== null) {
    return `#compare/${route.viewer.prompt}/${route.viewer.left}-${route.viewer.right}`;
  }
  if (route.screen === "vote" && route.rivals !== null) return `#vote/${route.rivals.a}-${route.rivals.b}`;
  return `#${route.screen}`;
}
