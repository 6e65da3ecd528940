import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/** Bytes that went over a connection so far. */
export interface ByteCount {
  bytes_in: number;
  bytes_out: number;
}

/**
 * A connection as a stream for TLS to run over, that counts what TLS sends and receives: a socket that TLS takes over does not.
 *
 * @param count added to as bytes go by.
 */
export function countedStream(socket: Socket, count: ByteCount): Duplex {
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (bytes: Uint8Array, _encoding, done) => {
      count.bytes_out += bytes.length;
      socket.write(bytes, done);
    },
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on("data", (bytes) => {
    count.bytes_in += bytes.length;
    if (!stream.push(bytes)) socket.pause();
  });
  socket.on("end", () => stream.push(null)).on("error", (error) => stream.destroy(error));
  return stream;
}
