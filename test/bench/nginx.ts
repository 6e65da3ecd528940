import { join } from "node:path";
import { at, Running } from "./processes.ts";
import { succeeds } from "./peers.ts";

const BODY = "x".repeat(1024);
const PAGE = `<!DOCTYPE html><html><head><title>bench</title><link rel=icon href=data:,></head><body><input id=text>
<button id=go onclick='fetch("/act?" + ++count)'>go</button><ul id=log></ul>
<script>let count = 0; addEventListener("load", () => fetch("/shown"));</script></body></html>`;

/** One request that the server answered. */
export interface Served {
  /** Number of the connection that it came by. */
  connection: number;
  /** When it was answered, by the machine's clock [ms]. */
  t_ms: number;
  /** Path and query. */
  path: string;
}

/**
 * What all generators are measured against: nginx on a core of its own, 1 KiB an answer.
 *
 * It counts for all of them alike: requests, connections, and under `/logged` when each was answered.
 */
export class Nginx implements AsyncDisposable {
  #running: Running;

  private constructor(readonly folder: string, readonly port: number, core?: number) {
    this.#running = new Running(["nginx", "-c", join(folder, "nginx.conf"), "-p", folder, "-e", "/dev/null"], { core });
  }

  /** @throws {Error} If nginx is not installed. */
  static async start(folder: string, { core }: { core?: number } = {}): Promise<Nginx> {
    if (!await succeeds("nginx", "-v")) {
      throw new Error("Cannot run this benchmark as nginx must be installed: apt-get install nginx-light");
    }
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    listener.close();
    const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) =>
      `${kind}_temp_path ${folder}/${kind};`
    );
    await Deno.writeTextFile(join(folder, "page.html"), PAGE);
    await Deno.writeTextFile(
      join(folder, "nginx.conf"),
      `daemon off; ${Deno.uid() === 0 ? "user root;" : ""} worker_processes 1; worker_rlimit_nofile 20000;
      pid ${folder}/nginx.pid; error_log /dev/null;
      events { worker_connections 15000; }
      http {
        access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; ${temp.join(" ")}
        log_format times '$connection $msec $request_uri';
        server {
          listen 127.0.0.1:${port} backlog=8192;
          location / { return 200 "${BODY}"; }
          location = /status { stub_status; }
          location = /logged { access_log ${folder}/log times buffer=64k flush=500ms; return 200 "${BODY}"; }
          location = /page { root ${folder}; default_type text/html; try_files /page.html =404; }
          location = /shown { access_log ${folder}/log times; return 204; }
          location = /act { access_log ${folder}/log times; return 204; }
        }
      }`,
    );
    const nginx = new Nginx(folder, port, core);
    for (let n = 0; n < 100; n++) {
      try {
        await nginx.counters();
        break;
      } catch {
        await at(performance.now() + 100);
      }
    }
    return nginx;
  }

  url(path = "/"): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** Requests so far, and connections open now; this question is not among them. */
  async counters(): Promise<{ requests: number; connections: number }> {
    const text = await (await fetch(this.url("/status"), { headers: { connection: "close" } })).text();
    const [, requests] = /^ \d+ \d+ (\d+)/m.exec(text)!;
    return { requests: Number(requests) - 1, connections: Number(/Active connections: (\d+)/.exec(text)![1]) - 1 };
  }

  /** What was answered since the log was cleared, under `/logged`, `/shown` and `/act`. */
  async served(): Promise<Served[]> {
    const text = await Deno.readTextFile(join(this.folder, "log"));
    return text.split("\n").filter((line) => line !== "").map((line) => {
      const [connection, seconds, path] = line.split(" ");
      return { connection: Number(connection), t_ms: Number(seconds) * 1000, path };
    });
  }

  async clearLog(): Promise<void> {
    await Deno.truncate(join(this.folder, "log"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }
}
