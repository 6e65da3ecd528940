import { createServer, type Socket } from "node:net";

/** A server that answers by hand: told of every piece that comes, and of every connection. */
export interface RawServer extends AsyncDisposable {
  port: number;
  /** Connections so far. */
  connections: () => number;
}

/** Listens on a free port of the loopback interface. */
export async function rawServer(
  act: { onConnect?: (socket: Socket) => void; onData?: (socket: Socket, text: string) => void },
): Promise<RawServer> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    socket.on("data", (bytes) => act.onData?.(socket, bytes.toString("latin1")));
    act.onConnect?.(socket);
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
