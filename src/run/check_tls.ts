import { isIP } from "node:net";
import { connect } from "node:tls";
import { InputError } from "../schema/input_error.ts";

const HANDSHAKE_MS = 10_000;

/**
 * Finds out whether what listens there is trusted, without sending it anything: the certificate is for the URL's host, and
 * signed by an authority that the sessions trust.
 *
 * @param url what is loaded; anything but https passes.
 * @param at the address that answers, and the authorities to trust instead of the machine's (PEM).
 * @throws {InputError} If it is not.
 */
export async function checkTls(url: URL, at: { address: string; port: number; ca?: string }): Promise<void> {
  if (url.protocol !== "https:") return;
  const { address, port, ca } = at;
  const bare = url.hostname.replace(/^\[|\]$/g, "");
  const settled = Promise.withResolvers<void>();
  const socket = connect({
    host: address,
    port,
    ...(isIP(bare) ? {} : { servername: bare }),
    ...(ca === undefined ? {} : { ca }),
  });
  const timer = setTimeout(
    () => settled.reject(new Error(`nothing after ${HANDSHAKE_MS / 1000} s`)),
    HANDSHAKE_MS,
  );
  socket.once("secureConnect", () => settled.resolve()).once("error", settled.reject)
    .once("close", () => settled.reject(new Error("the connection was closed")));
  try {
    await settled.promise;
  } catch (error) {
    const why = (error as Error).message.split("\n")[0];
    const remedy = ca === undefined
      ? `a URL whose certificate this machine trusts, or --ca FILE with that of its authority (${why})`
      : `a URL whose certificate the authorities of --ca have signed for ${bare} (${why})`;
    throw new InputError("--url", url.origin, remedy);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
