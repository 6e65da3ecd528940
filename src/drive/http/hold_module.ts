import { isRecorded } from "./module_call.ts";

/**
 * Keeps what a module throws where nobody waits for it, in a promise or a timer of its own, from ending the process.
 *
 * @param tell told of each.
 * @returns lets go again.
 */
export function holdModule(tell: (error: unknown) => void): () => void {
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    if (!isRecorded(event.reason)) tell(event.reason);
  };
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    tell(event.error);
  };
  globalThis.addEventListener("unhandledrejection", onRejection);
  globalThis.addEventListener("error", onError);
  return () => {
    globalThis.removeEventListener("unhandledrejection", onRejection);
    globalThis.removeEventListener("error", onError);
  };
}
