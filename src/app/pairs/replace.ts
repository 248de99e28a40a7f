/** @file Find and replace in captions: plain text, every place, with or without regard to case. */

export interface Finding {
  readonly find: string;
  readonly matchCase: boolean;
}

function pattern({ find, matchCase }: Finding): RegExp {
  return new RegExp(find.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"), matchCase ? "gu" : "giu");
}

export function countMatches(text: string, finding: Finding): number {
  return finding.find === "" ? 0 : (text.match(pattern(finding))?.length ?? 0);
}

export function replaceMatches(text: string, finding: Finding, replacement: string): string {
  return finding.find === "" ? text : text.replace(pattern(finding), () => replacement);
}
