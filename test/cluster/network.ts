import { works } from "../has_program.ts";

/** Whether network namespaces may be made here: as root, and not in every container. */
export function canMakeNetworks(): boolean {
  const name = `plimsoll-try-${Deno.pid}`;
  const made = Deno.uid() === 0 && works(`ip netns add ${name} && ip -n ${name} link set lo up`);
  works(`ip netns del ${name}`);
  return made;
}

/** A network of machines that are none: each a network namespace, joined by virtual cables to a bridge in the first. */
export interface Network extends AsyncDisposable {
  /** Of the hub, the target and the coordinator. */
  address: string;
  /** A second address of the same machine. */
  second: string;
  /** What goes before a command to run it there; 0 is the hub. */
  on(machine: number): string[];
  /** Runs a shell command on one of them. */
  run(machine: number, command: string): void;
  /** The hub's end of a worker's cable. */
  cable(machine: number): string;
}

/** Lays cables between a hub and so many workers. Nothing of it reaches the machine's own network. */
export function makeNetwork(workers: number): Network {
  const id = `p${Deno.pid % 10_000}`;
  const space = (machine: number) => `plimsoll-${id}-${machine}`;
  const sh = (command: string) => {
    const { success, stderr } = new Deno.Command("sh", { args: ["-ec", command], stderr: "piped" }).outputSync();
    if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
  };
  const remove = () => works(Array.from({ length: workers + 1 }, (_, n) => `ip netns del ${space(n)}`).join("; "));
  remove();
  const hub = space(0);
  sh(`ip netns add ${hub}
    ip -n ${hub} link set lo up
    ip -n ${hub} link add bridge type bridge
    ip -n ${hub} addr add 10.99.0.1/16 dev bridge
    ip -n ${hub} addr add 10.99.1.1/16 dev bridge
    ip -n ${hub} link set bridge up`);
  for (let worker = 1; worker <= workers; worker++) {
    const here = space(worker);
    sh(`ip netns add ${here}
      ip -n ${here} link set lo up
      ip -n ${hub} link add cable${worker} type veth peer name eth0 netns ${here}
      ip -n ${hub} link set cable${worker} master bridge up
      ip -n ${here} addr add 10.99.0.${worker + 1}/16 dev eth0
      ip -n ${here} link set eth0 up`);
  }
  return {
    address: "10.99.0.1",
    second: "10.99.1.1",
    on: (machine) => ["ip", "netns", "exec", space(machine)],
    run: (machine, command) => sh(`ip netns exec ${space(machine)} ${command}`),
    cable: (machine) => `cable${machine}`,
    [Symbol.asyncDispose]() {
      remove();
      return Promise.resolve();
    },
  };
}
