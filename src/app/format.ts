/** @file Numbers and names in the words of the page. */

/** "1 pair", "48 pairs", "12,000 steps" */
export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? noun : plural}`;
}

/** "Base", "Base and SPIN 1", "Base to SPIN 3" */
export function iterationSpan(kept: readonly string[]): string {
  const last = kept.at(-1);
  if (last === undefined) return "Base";
  return kept.length === 1 ? `Base and ${last}` : `Base to ${last}`;
}

/** One rounded length of time: "8 s", "50 s", "4 min", "1 h 10 min". Rounds as coarsely as a person would. */
export function duration(seconds: number): string {
  const s = Math.max(1, Math.round(seconds));
  if (s < 20) return `${s} s`;
  if (s < 55) return `${Math.round(s / 5) * 5} s`;
  const minutes = Math.max(1, Math.round(s / 60));
  if (minutes < 60) return `${minutes} min`;
  const rest = Math.round((minutes % 60) / 10) * 10;
  const hours = Math.floor(minutes / 60) + (rest === 60 ? 1 : 0);
  return rest === 0 || rest === 60 ? `${hours} h` : `${hours} h ${rest} min`;
}

/** A length of time that is over and known: "15 min 20 s". */
export function took(seconds: number): string {
  const s = Math.max(1, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** "just now", "12 s ago", "3 min ago" */
export function ago(seconds: number): string {
  return seconds < 2 ? "just now" : `${duration(seconds)} ago`;
}

/** Speed with a unit: "0.25 s a step", "140 ms a step". */
export function pace(seconds: number, noun: string): string {
  if (seconds < 0.2) return `${Math.max(1, Math.round(seconds * 1000))} ms a ${noun}`;
  return `${seconds < 9.95 ? seconds.toFixed(1) : Math.round(seconds)} s a ${noun}`;
}

/** Speed: "46 pairs/s", "1.4 pairs/s", "0.08 pairs/s" */
export function rate(perSecond: number, noun: string): string {
  const digits = perSecond >= 9.95 ? 0 : perSecond >= 0.995 ? 1 : 2;
  return `${perSecond.toFixed(digits)} ${noun}s/s`;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Errors are some 10^-1 with gaps of 10^-4: thousandths, one digit. */
export function thousandths(error: number): string {
  return (error * 1000).toFixed(1);
}

/** "4.1 M" weights */
export function millions(n: number): string {
  return n < 1e5 ? n.toLocaleString("en") : `${(n / 1e6).toFixed(n < 1e7 ? 1 : 0)} M`;
}

/** "−0.112", never "−0.000" */
export function fixed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** Room in storage: "0.4 MB", "17 MB", "1.2 GB". */
export function room(bytes: number): string {
  const mb = bytes / 1e6;
  if (mb >= 999.5) return `${(mb / 1000).toFixed(1)} GB`;
  return `${mb === 0 || mb >= 9.95 ? Math.round(mb) : Math.max(0.1, mb).toFixed(1)} MB`;
}

/** A part of a whole: "6.1 of 10.6 GB", "980 MB of 1.2 GB". */
export function roomOf(part: number, whole: number): string {
  const [held, all] = [room(part), room(whole)];
  const unit = all.slice(all.indexOf(" "));
  return `${held.endsWith(unit) ? held.slice(0, -unit.length) : held} of ${all}`;
}
