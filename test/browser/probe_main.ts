import { findBrowser, launchBrowser } from "../../src/browser/mod.ts";

// Launches a browser, opens a page over loopback, and prints what happened as JSON: the tests run it as other users.
if (import.meta.main) {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("<title>loopback</title><p>Hello", { headers: { "content-type": "text/html" } }),
  );
  const found = await findBrowser({ path: Deno.args[0] });
  const { browser, sandboxed, version } = await launchBrowser(found);
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.addr.port}/`);
  const title = await page.title();
  const inked = new Set(await page.locator("p").screenshot()).size;
  const renderers = [...Deno.readDirSync("/proc")].filter(({ name }) => isSandboxedRenderer(name)).length;
  await browser.close();
  await server.shutdown();
  console.log(JSON.stringify({ found, sandboxed, version, title, inked, renderers }));
}

/** A renderer of this user under a system call filter, in process and user namespaces of its own. */
function isSandboxedRenderer(pid: string): boolean {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes("--type=renderer") &&
      status.includes(`Uid:\t${Deno.uid()}\t`) && status.includes("Seccomp:\t2") && /NSpid:\t\d+\t\d+/.test(status);
  } catch {
    return false;
  }
}
