import { existsSync } from "node:fs";
import { pause } from "./pause.ts";

const LOOK_MS = 1000;
/** What the services leave that keep a machine's clock. */
const KEEPERS = {
  "systemd-timesyncd": "/run/systemd/timesync/synchronized",
  chrony: "/run/chrony/chronyd.pid",
  ntpd: "/run/ntpd.pid",
};

/** Waits until the wall clock shows a time, also where it is set meanwhile. */
export async function untilWallClock(at_ms: number, signal: AbortSignal): Promise<void> {
  while (Date.now() < at_ms && !signal.aborted) await pause(Math.min(LOOK_MS, at_ms - Date.now()), signal);
}

/** Who keeps the clock of this machine right; `nobody known` where no service is found. */
export function clockKeeper(): string {
  return Object.entries(KEEPERS).find(([, path]) => existsSync(path))?.[0] ?? "nobody known";
}
