/** @file A bar that says how far. */

export function Progress({ done, label }: { readonly done: number; readonly label: string }) {
  const percent = Math.round(Math.min(1, Math.max(0, done)) * 100);
  return (
    <span
      className="progress"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <i style={{ inlineSize: `${percent}%` }} />
    </span>
  );
}
