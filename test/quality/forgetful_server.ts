/**
 * A server that may keep what it should forget: prints its port, and serves until it is killed.
 *
 * Arguments: bytes that it keeps of each request, microseconds that each request takes longer for each one before it.
 */
const [kept_bytes, slower_us] = Deno.args.map(Number);
const kept: Uint8Array[] = [];
let served = 0;

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(port),
}, () => {
  served++;
  if (kept_bytes > 0) kept.push(new Uint8Array(kept_bytes).fill(1));
  // Short-lived objects, so that its collector saws.
  const text = JSON.stringify(
    Array.from({ length: 500 }, (_, index) => ({ index, text: `line ${index} of ${served}` })),
  );
  const until_ms = performance.now() + 1 + served * slower_us / 1000;
  while (performance.now() < until_ms);
  return new Response(text);
});
