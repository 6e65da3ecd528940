let reporting = false;

/**
 * Shows errors that the kernel would swallow: rejections that nobody awaited, and errors in timers and listeners.
 *
 * The error goes to the cell's error stream, and the kernel lives on. Calling it again does nothing.
 */
export function reportErrors(): void {
  if (reporting) return;
  reporting = true;
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    console.error("Not awaited, and failed:", event.reason);
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    console.error("Failed outside a cell:", event.error ?? event.message);
  });
}
