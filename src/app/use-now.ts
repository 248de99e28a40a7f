/** @file The time, for words such as "12 s ago": ticks once a second while asked to. */
import { useEffect, useState } from "react";
import { now } from "./clock.ts";

export function useNow(ticking: boolean): number {
  const [time, setTime] = useState(now);
  useEffect(() => {
    setTime(now());
    if (!ticking) return;
    const timer = setInterval(() => setTime(now()), 1000);
    return () => clearInterval(timer);
  }, [ticking]);
  return time;
}
