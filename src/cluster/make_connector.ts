import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { RedisOptions } from "ioredis";

interface Connector {
  connecting: boolean;
  stream?: Socket;
  firstError?: Error;
}

/**
 * Makes the class that opens the client's connections. The client listens for the first error of a connection only, and one that
 * is refused in the middle of its handshake has two: the second would end the program.
 *
 * @param Base the client's own class for that.
 */
export function makeConnector(Base: typeof import("ioredis").AbstractConnector): RedisOptions["Connector"] {
  const HubConnector = class extends (Base as unknown as new (timeout_ms?: number) => Connector) {
    constructor(readonly options: RedisOptions & { host: string; port: number }) {
      super(options.disconnectTimeout);
    }

    connect(): Promise<Socket> {
      this.connecting = true;
      const { host, port, tls } = this.options;
      const stream = tls ? connectTls({ host, port, ...tls }) : connectPlain({ host, port });
      stream.on("error", (error: Error) => this.firstError ??= error);
      this.stream = stream;
      return Promise.resolve(stream);
    }
  };
  return HubConnector as unknown as RedisOptions["Connector"];
}
