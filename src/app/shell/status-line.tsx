/** @file The status line: what runs, time left, the last save, the memory, what was sent. Always there. */
import { useEffect, useRef, useState } from "react";
import { useHubRequests, useRequestsElsewhere } from "../bytes-sent.ts";
import { ago, count } from "../format.ts";
import { Glyph } from "../parts/glyph.tsx";
import { Mark } from "../parts/mark.tsx";
import { useStudio } from "../state/context.tsx";
import { isLost, isRunning } from "../state/selectors.ts";
import { useNow } from "../use-now.ts";
import { useTimeLeft } from "../use-reports.ts";
import { announcement, memoryInWords, statusInWords } from "../words.ts";

export function StatusLine() {
  const words = useStudio(statusInWords);
  const running = useStudio(isRunning);
  const failed = useStudio((state) => state.current?.phase === "failed" || state.machine === "failed" || isLost(state));
  const savedAt = useStudio((state) => state.current?.saved?.at ?? null);
  const memory = useStudio(memoryInWords);
  const left = useTimeLeft();
  const now = useNow(savedAt !== null);
  return (
    <footer className="foot">
      <span className="now">
        {failed ? <Glyph name="bang" /> : running ? <Mark /> : null}
        {words}
      </span>
      {running && left !== null ? <span className="wide-only">{left} left</span> : null}
      {savedAt === null ? null : <span className="wide-only">saved {ago((now - savedAt) / 1000)}</span>}
      {memory === null ? null : (
        <span className="wide-only" title="Held by the model and its run, of what one step takes at its peak">
          {memory}
        </span>
      )}
      <Sent />
      <Announcer />
    </footer>
  );
}

const COUNTED = "Counted by the page itself; its security policy allows no connection elsewhere";
const OF_HUB =
  "Asked for the model that you looked for: its name, and what a browser tells every server. Of your pictures, captions and projects 0 bytes were sent";

function Sent() {
  const elsewhere = useRequestsElsewhere();
  const hub = useHubRequests();
  const own = hub === 0 ? "0 bytes sent" : <OwnAndHub requests={hub} />;
  return (
    <span className="sent" title={hub === 0 ? COUNTED : OF_HUB}>
      <Glyph name={elsewhere === 0 ? "shield" : "bang"} />
      {elsewhere === 0 ? own : `${elsewhere} requests left this computer`}
    </span>
  );
}

function OwnAndHub({ requests }: { readonly requests: number }) {
  return (
    <span>
      <span className="wide-only">0 bytes of yours sent, </span>
      {count(requests, "request")} to the hub
    </span>
  );
}

const QUIET_MS = 5000;

/** Speaks the last news, at most once in five seconds. */
function Announcer() {
  const news = useStudio(announcement);
  const [said, setSaid] = useState("");
  const saidAt = useRef(0);
  useEffect(() => {
    const wait = Math.max(0, saidAt.current + QUIET_MS - Date.now());
    const timer = setTimeout(() => {
      saidAt.current = Date.now();
      setSaid(news);
    }, wait);
    return () => clearTimeout(timer);
  }, [news]);
  return (
    <span className="visually-hidden" role="status">
      {said}
    </span>
  );
}
