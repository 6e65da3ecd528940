/** A target with a known cost, on an address that is not loopback: `target_main.ts HOST PORT CPU_MS`. */
import process from "node:process";

const [hostname, port, cpu_ms] = Deno.args;
const PAGE = `<!doctype html><title>target</title><input><p id="n">0</p>
<script>setInterval(() => document.getElementById("n").textContent++, 200)</script>`;

/** CPU time and not wall time: others may have the core meanwhile. */
function spend(ms: number): void {
  const { user, system } = process.cpuUsage();
  for (let used = 0; used < 1000 * ms;) {
    const now = process.cpuUsage();
    used = now.user + now.system - user - system;
  }
}

const onListen = () => console.log(JSON.stringify({ pid: Deno.pid }));
Deno.serve({ hostname, port: Number(port), onListen }, (request) => {
  spend(Number(cpu_ms));
  // Who asked, for whoever wants to know who still does.
  if (Deno.args[3]) Deno.writeTextFileSync(Deno.args[3], `${request.headers.get("user-agent")}\n`, { append: true });
  return new Response(PAGE, { headers: { "content-type": "text/html" } });
});
