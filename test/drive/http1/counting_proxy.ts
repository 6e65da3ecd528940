import { connect, createServer } from "node:net";

/** Hands everything on, and counts it. */
export async function countingProxy(to: number) {
  const counted = { in: 0, out: 0, connections: 0 };
  const server = createServer((client) => {
    counted.connections++;
    const upstream = connect({ port: to, host: "127.0.0.1" });
    client.on("error", () => {}).on("close", () => upstream.destroy());
    upstream.on("error", () => {}).on("close", () => client.destroy());
    client.on("data", (bytes) => {
      counted.out += bytes.length;
      upstream.write(bytes);
    }).on("end", () => upstream.end());
    upstream.on("data", (bytes) => {
      counted.in += bytes.length;
      client.write(bytes);
    }).on("end", () => client.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    counted,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
