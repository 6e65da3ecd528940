import type { Outcome } from "../../schema/rows.ts";
import { MalformedResponse } from "./malformed_response.ts";

/**
 * What an error of a connection means.
 *
 * @param error as `node:net`, `node:tls` or the parser gave it.
 * @param secured whether TLS is meant and its handshake has not ended: whatever is not the network's doing is then its doing.
 * @throws {unknown} The error itself, if it is none of the network's: a fault of ours must not pass for one of the target's.
 */
export function outcomeOf(error: unknown, secured = false): Outcome {
  if (error instanceof MalformedResponse) return "step_failed";
  const { code = "", message = "" } = error as { code?: string; message?: string };
  if (code === "ECONNREFUSED") return "refused";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "dns";
  if (code === "ETIMEDOUT") return "timeout";
  if (/ECONNRESET|ECONNABORTED|EPIPE/.test(code)) return "reset";
  if (secured || /CERT|TLS|SSL/.test(code) || /certificate/i.test(message)) return "tls";
  if (code !== "") return "step_failed";
  throw error;
}
