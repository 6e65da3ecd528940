import { timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import { within } from "../run/within.ts";
import { InputError } from "../schema/input_error.ts";
import { ARTIFACT_PATH } from "./messages.ts";
import type { WorkerOptions } from "./run_worker.ts";

/** How long whoever fetches something when the worker ends may take for the rest of it. */
const REST_MS = 2000;

/** Where a worker gives out what stayed with it. */
export interface ArtifactServer extends AsyncDisposable {
  url: string;
  /** Only who knows it gets anything. */
  token: string;
}

type ServeOptions = Pick<WorkerOptions, "serve" | "cert" | "key">;

/**
 * Checks where artifacts are to be given out.
 *
 * @throws {InputError} If it is no address, or one that others can listen in on.
 */
export function checkServe({ serve, cert, key }: ServeOptions): void {
  if (serve === undefined) return;
  const url = URL.parse(`http://${serve}/`);
  const right = "the address and port of this machine, for example 10.0.0.5:8443";
  if (!url || url.port === "" || url.pathname !== "/" || url.username) {
    throw new InputError("--serve-artifacts", serve, right);
  }
  if (/^(0\.0\.0\.0|\[::\])$/.test(url.hostname)) {
    throw new InputError("--serve-artifacts", serve, `${right}, as others reach it: nobody can ask ${url.hostname}`);
  }
  if ((cert === undefined || key === undefined) && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)) {
    throw new InputError(
      "--serve-artifacts",
      serve,
      "--hub-cert and --hub-key too: without TLS only a loopback address",
    );
  }
}

/**
 * Gives out files of a spool's `artifacts` folders, read only, to who brings the token.
 *
 * @throws {InputError} If this machine cannot listen there.
 */
export function serveArtifacts({ serve, cert, key }: ServeOptions, spool: () => string): ArtifactServer {
  const { hostname, port } = new URL(`http://${serve}/`);
  const token = crypto.randomUUID();
  const right = new TextEncoder().encode(`Bearer ${token}`);
  const tls = cert !== undefined && key !== undefined ? { cert, key } : {};
  const cut = new AbortController();
  const at = { hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
  const options = { ...at, onListen() {}, signal: cut.signal, ...tls };
  const underWay = new Set<Promise<void>>();
  const server = listen(serve!, options, async (request, { completed }) => {
    const sent = completed.catch(() => {}).finally(() => underWay.delete(sent));
    underWay.add(sent);
    const given = new TextEncoder().encode(request.headers.get("authorization") ?? "");
    if (given.length !== right.length || !timingSafeEqual(given, right)) return new Response("", { status: 401 });
    const [, run, path] = /^\/([0-9a-f]{8})\/(.+)$/.exec(new URL(request.url).pathname) ?? [];
    if (request.method !== "GET" || path === undefined || !ARTIFACT_PATH.test(path)) {
      return new Response("", { status: 404 });
    }
    try {
      const file = await Deno.open(join(spool(), run, path));
      return new Response(file.readable);
    } catch {
      return new Response("", { status: 404 });
    }
  });
  return {
    url: `${cert === undefined ? "http" : "https"}://${serve}`,
    token,
    async [Symbol.asyncDispose]() {
      await within(REST_MS, Promise.all(underWay), "they take too long").catch(() => {});
      cut.abort();
      await server.finished;
    },
  };
}

function listen(
  serve: string,
  options: Deno.ServeTcpOptions & Partial<Deno.TlsCertifiedKeyPem>,
  handler: Deno.ServeHandler<Deno.NetAddr>,
): Deno.HttpServer {
  try {
    return Deno.serve(options, handler);
  } catch (error) {
    const remedy = `an address of this machine, and a free port (${(error as Error).message})`;
    throw new InputError("--serve-artifacts", serve, remedy);
  }
}
