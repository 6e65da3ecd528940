import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ConnectionOptions } from "./connection.ts";
import { type ByteCount, countedStream } from "./counted_stream.ts";

/** What happens on a connection. */
export interface WireEvents {
  /** The bytes are overwritten by the next that come. */
  data: (bytes: Uint8Array) => void;
  end: () => void;
  error: (error: unknown) => void;
}

/** What is received lies here until the next is: it is read at once, and one for all connections keeps 10,000 of them small. */
const received = new Uint8Array(65_536);
let view = received;

/** One TCP connection, with TLS over it or not, and the bytes that went over it. */
export class Wire {
  /** Whether a TLS handshake is under way. */
  securing: boolean;
  #connected = false;
  #count: ByteCount = { bytes_in: 0, bytes_out: 0 };
  #secure: boolean;
  #socket: Socket;

  constructor({ host, port, tls }: ConnectionOptions, { data, end, error }: WireEvents) {
    this.#secure = this.securing = tls !== undefined;
    const tcp = connectTcp({ host, port, noDelay: true, ...(tls ? {} : { onread: this.#onRead(data) }) });
    tcp.once("connect", () => this.#connected = true);
    if (tls) {
      const stream = countedStream(tcp, this.#count);
      stream.on("error", error);
      // Without a name the certificate is to be for the address.
      this.#socket = connectTls({ host, socket: stream as Socket, ...tls });
      this.#socket.once("secureConnect", () => this.securing = false);
      this.#socket.on("data", data);
    } else this.#socket = tcp;
    // After an end or an error comes a close: who listens has dropped this connection by then.
    this.#socket.on("end", end).on("close", end).on("error", error);
  }

  /** @param written told when the system has taken the bytes, or never will. */
  send(bytes: Uint8Array, written?: () => void): void {
    if (!this.#secure) this.#count.bytes_out += bytes.length;
    if (written) this.#socket.write(bytes, written);
    else this.#socket.write(bytes);
  }

  /** What went over the wire since this was asked last. */
  takeBytes(): ByteCount {
    const { bytes_in, bytes_out } = this.#count;
    this.#count.bytes_in = this.#count.bytes_out = 0;
    return { bytes_in, bytes_out: this.#connected ? bytes_out : 0 };
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Takes what comes straight from the socket: streams would cost as much again as all the rest. */
  #onRead(data: WireEvents["data"]) {
    return {
      buffer: received,
      callback: (length: number) => {
        if (view.length !== length) view = received.subarray(0, length);
        this.#count.bytes_in += length;
        data(view);
        return true;
      },
    };
  }
}
