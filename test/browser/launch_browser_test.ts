import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const probe = fileURLToPath(new URL("./probe_main.ts", import.meta.url));
const root = Deno.build.os === "linux" && Deno.uid() === 0;
const ordinary = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const run = [Deno.execPath(), ...probing()];

/** What Deno is told to run the probe. */
function probing(): string[] {
  return ["run", "-A", "--quiet", "--cached-only", probe];
}

interface ProbeResult {
  found: { path: string; source: string; libraryPath?: string; fontsPath?: string };
  sandboxed: boolean;
  version: string;
  title: string;
  inked: number;
  renderers: number;
}

function works(command: string[]): boolean {
  try {
    execFileSync(command[0], command.slice(1), { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function launched(command: string[], env: Record<string, string> = {}): ProbeResult {
  const text = execFileSync(command[0], command.slice(1), {
    env: { ...Deno.env.toObject(), ...env },
    encoding: "utf8",
  });
  const result = JSON.parse(text) as ProbeResult;
  assert.equal(result.title, "loopback");
  assert.match(result.version, /^\d+\.\d+/);
  assert.ok(result.inked > 20, "the text of the page must be drawn");
  return result;
}

/** A home and a Deno cache of an ordinary user, with the probe as that user runs it. */
function withHome(body: (env: Record<string, string>, run: string[]) => void): void {
  const home = Deno.makeTempDirSync({ prefix: "plimsoll-home-" });
  try {
    Deno.chownSync(home, 65534, 65534);
    // Where Deno came by npx it is in root's own folder, which is for nobody else.
    let deno = Deno.execPath();
    if (!works([...ordinary, "test", "-x", deno])) {
      deno = `${home}/deno-program`;
      Deno.copyFileSync(Deno.execPath(), deno);
      Deno.chmodSync(deno, 0o755);
    }
    body({ HOME: home, XDG_CACHE_HOME: "", DENO_DIR: `${home}/deno` }, [deno, ...probing()]);
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
}

Deno.test("launchBrowser() loads a page over loopback; root runs without the sandbox", () => {
  const { sandboxed, renderers } = launched(run);
  assert.equal(sandboxed, !root);
  assert.equal(renderers > 0, sandboxed && Deno.build.os === "linux");
});

Deno.test("launchBrowser() sandboxes an ordinary user's browser", {
  ignore: !root || !works([...ordinary, "test", "-r", probe]) || !works([...ordinary, "unshare", "-U", "true"]),
}, () => {
  withHome((env, run) => {
    const { sandboxed, renderers } = launched([...ordinary, ...run], env);
    assert.equal(sandboxed, true);
    assert.ok(renderers >= 1);
  });
});

Deno.test("launchBrowser() says so when the sandbox cannot start", {
  // Inside a changed root the kernel refuses new user namespaces.
  ignore: !root || !works([...ordinary, "test", "-r", probe]) || !works(["unshare", "-m", "true"]),
}, () => {
  withHome((env, run) => {
    const jail = `${env.HOME}/jail`;
    Deno.mkdirSync(jail);
    const script = `mount --rbind / ${jail} && exec chroot ${jail} ${[...ordinary, ...run].join(" ")}`;
    const { sandboxed, renderers } = launched(["unshare", "-m", "sh", "-c", script], env);
    assert.equal(sandboxed, false);
    assert.equal(renderers, 0);
  });
});

const libraries = "/usr/lib/x86_64-linux-gnu";

/** Shell lines that hide libraries and fonts from a process in a mount namespace of its own. */
const bare = (scratch: string) =>
  `set -e; mount -t tmpfs none ${scratch}; mkdir ${scratch}/upper ${scratch}/work ${scratch}/empty
mount -t overlay -o lowerdir=${libraries},upperdir=${scratch}/upper,workdir=${scratch}/work none ${libraries}
rm -f ${libraries}/libnss3.so ${libraries}/libnspr4.so
for folder in /etc/fonts /usr/share/fonts; do if [ -d $folder ]; then mount --bind ${scratch}/empty $folder; fi; done`;

Deno.test("launchBrowser() gives the carried browser the libraries and fonts that a bare machine lacks", {
  ignore: !root || !works(["unshare", "-m", "sh", "-c", bare("/mnt")]),
}, () => {
  const scratch = Deno.makeTempDirSync();
  try {
    const { found } = launched(["unshare", "-m", "sh", "-c", `${bare(scratch)}; exec ${run.join(" ")}`]);
    if (found.source !== "sparticuz") return;
    assert.match(found.libraryPath ?? "", /al2023/);
    assert.match(found.fontsPath ?? "", /fonts\.conf$/);
  } finally {
    Deno.removeSync(scratch, { recursive: true });
  }
});

Deno.test("launchBrowser() fails with the browser's own words where it cannot start", () => {
  const text = works(["test", "-x", "/bin/false"]) ? "/bin/false" : Deno.execPath();
  assert.throws(() => execFileSync(run[0], [...run.slice(1), text], { stdio: "pipe" }), /launch/);
});
