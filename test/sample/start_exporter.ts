const address = "127.0.0.1";

/** A real node_exporter on a free port. */
export async function startExporter(): Promise<{ url: string } & AsyncDisposable> {
  const listener = Deno.listen({ hostname: address, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const child = new Deno.Command("prometheus-node-exporter", {
    args: [`--web.listen-address=${address}:${port}`],
    stdout: "null",
    stderr: "null",
  }).spawn();
  const url = `http://${address}:${port}/metrics`;
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) break;
    await pause(50);
  }
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
