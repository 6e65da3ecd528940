"""Runs all cells of a notebook in a fresh kernel, as Run All does, and says when the first chart was there and what the kernel held.

Prints one JSON document. Times are from just before the kernel's process is started.
"""

import json
import os
import queue
import sys
import time

import nbformat
from jupyter_client.manager import KernelManager

CHART = "application/vnd.vegalite.v5+json"
LONGEST_S = 120
# Outputs of the Deno kernel may come after its last reply.
QUIET_S = 0.5


def peak_mb(pid):
    """Highest resident memory of a process so far [MB]."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) * 1024 / 1e6


def sources(path, parameters):
    """The code cells, with other values of parameters after the cell that has them."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            yield cell.source
            if "parameters" in cell.metadata.get("tags", []) and parameters:
                yield "\n".join(f"const {name} = {json.dumps(value)};" for name, value in parameters.items())


def wait_until_ready(client):
    """Asks until an answer arrives on both channels: outputs of a kernel that is not yet listened to would be lost."""
    until = time.perf_counter() + LONGEST_S
    while time.perf_counter() < until:
        client.kernel_info()
        try:
            client.get_iopub_msg(timeout=0.05)
            return
        except queue.Empty:
            continue
    raise TimeoutError("the kernel did not answer")


def main():
    path, parameters = sys.argv[1], json.loads(sys.argv[2])
    cells = list(sources(path, parameters))
    started = time.perf_counter()
    manager = KernelManager(kernel_name="deno")
    manager.start_kernel(cwd=os.path.dirname(os.path.abspath(path)), stderr=None)
    client = manager.client()
    client.start_channels()
    try:
        wait_until_ready(client)
        ready_s = time.perf_counter() - started
        pid = manager.provisioner.process.pid
        last = [client.execute(source) for source in cells][-1]
        first = None
        done = False
        while True:
            try:
                message = client.get_iopub_msg(timeout=QUIET_S if done else LONGEST_S)
            except queue.Empty:
                if done:
                    break
                raise
            kind, content = message["msg_type"], message["content"]
            if kind == "error":
                raise RuntimeError("\n".join(content["traceback"]) or content["evalue"])
            if kind == "display_data" and CHART in content["data"] and first is None:
                first = {"first_plot_s": time.perf_counter() - started, "at_first_plot_mb": peak_mb(pid)}
            if kind == "status" and content["execution_state"] == "idle" and message["parent_header"].get("msg_id") == last:
                done = True
                all_s = time.perf_counter() - started
        if first is None:
            raise RuntimeError(f"{path} draws no chart")
        print(json.dumps({"ready_s": ready_s, **first, "all_s": all_s, "peak_mb": peak_mb(pid)}))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


main()
