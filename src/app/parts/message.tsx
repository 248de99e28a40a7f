/** @file What happened, what is safe, one button. */
import { useState, type ReactNode } from "react";
import type { Problem } from "../problem.ts";
import { useActions } from "../state/context.tsx";
import { FullDialog } from "./full-dialog.tsx";
import { Glyph, type GlyphName } from "./glyph.tsx";

export interface MessageProps {
  readonly bad?: boolean;
  /** in place of the one that says good or bad */
  readonly glyph?: GlyphName;
  readonly title: string;
  readonly children?: ReactNode;
  readonly buttons?: ReactNode;
}

export function Message({ bad = false, glyph = bad ? "bang" : "check", title, children, buttons }: MessageProps) {
  return (
    <div className={bad ? "message bad" : "message"} role={bad ? "alert" : undefined}>
      <Glyph name={glyph} />
      <div>
        <h2>{title}</h2>
        {children}
      </div>
      {buttons === undefined ? null : <div className="row">{buttons}</div>}
    </div>
  );
}

/** A problem with its remedy; codes and stacks only in the diagnostics, which hold no prompt and no picture. */
export function ProblemMessage({ problem, primary }: { readonly problem: Problem; readonly primary?: boolean }) {
  const actions = useActions();
  const { remedy } = problem;
  const [asking, setAsking] = useState(remedy.kind === "make-room");
  const act = (): void => {
    switch (remedy.kind) {
      case "reload":
        globalThis.location.reload();
        return;
      case "resume":
        void actions.spin();
        return;
      case "keep":
        void actions.stopAndKeep();
        return;
      case "discard":
        void actions.discard();
        return;
      case "make-room":
        setAsking(true);
        return;
      case "look-again":
        void actions.boot();
        return;
      case "dismiss":
        actions.setProblem(null);
        return;
    }
  };
  return (
    <>
      <Message
        bad
        title={problem.title}
        buttons={
          <>
            <button type="button" className={primary ? "button primary" : "button"} onClick={act}>
              {remedy.label}
            </button>
            <CopyDiagnostics text={problem.diagnostics} />
          </>
        }
      >
        <p>{problem.safe}</p>
      </Message>
      {asking ? <FullDialog problem={problem} onClose={() => setAsking(false)} /> : null}
    </>
  );
}

/** @param text without prompts or pictures */
export function CopyDiagnostics({ text }: { readonly text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = (): void => {
    navigator.clipboard.writeText(`${text}\n${navigator.userAgent}`).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <button type="button" className="button plain" onClick={copy}>
      {copied ? "Copied" : "Copy diagnostics"}
    </button>
  );
}
