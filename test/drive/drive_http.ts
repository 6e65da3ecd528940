import { createServer, type Server, type Socket } from "node:net";
import { type DriveEvent, type DriveJob, HttpDriver } from "../../src/drive/mod.ts";
import { makePlan, type PlanInput } from "../../src/plan/mod.ts";
import { attemptClock } from "../../src/run/child_end.ts";
import type { RequestRow } from "../../src/schema/mod.ts";

/** Drives some sessions for a while in this process. */
export async function drive(
  port: number,
  options:
    & {
      sessions?: number;
      for_ms: number;
      /** Ends it after this row. */
      until?: (row: Omit<RequestRow, "seq">) => boolean;
      job?: Partial<DriveJob>;
    }
    & Partial<PlanInput>,
) {
  const { sessions = 1, for_ms, until, job, ...input } = options;
  const url = input.url ?? `http://127.0.0.1:${port}/`;
  const plan = makePlan({ timeout_ms: 2000, ...input, url, levels: [sessions] });
  const stop = new AbortController();
  const rows: Omit<RequestRow, "seq">[] = [];
  const events: DriveEvent[] = [];
  const late: number[] = [];
  const driver = new HttpDriver(
    {
      plan,
      level: sessions,
      replicate: 1,
      attempt: 1,
      sessions: Array.from({ length: sessions }, (_, n) => n),
      address: "127.0.0.1",
      run: "",
      artifacts: "",
      ...job,
    },
    {
      request(row) {
        rows.push(row);
        if (until?.(row)) stop.abort();
      },
      event: (row) => events.push(row),
    },
    (late_ms) => late.push(late_ms),
  );
  const timer = setTimeout(() => stop.abort(), for_ms);
  try {
    await driver.prepare();
    await driver.run(attemptClock(performance.now()), stop.signal);
    await driver.close();
  } finally {
    clearTimeout(timer);
  }
  return { rows, events, late };
}

/** A server that is as rude as it is told to be. */
export async function rawServer(
  onData: (socket: Socket, text: string) => void,
): Promise<{ port: number; connections: () => number } & AsyncDisposable> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    socket.on("data", (bytes) => onData(socket, bytes.toString()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    connections: () => connections,
    [Symbol.asyncDispose]: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
