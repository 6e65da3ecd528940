"""Runs cells in a Deno kernel and prints how each ended, as JSON. A cell with `stop_after_s` is interrupted then."""

import json
import sys
import time

from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager


def run(client, manager, source, stop_after_s=None):
    message = client.execute(source)
    text = ""
    interrupted = False
    begun = time.monotonic()
    while time.monotonic() - begun < 60:
        if not manager.is_alive():
            return {"state": "dead", "text": text}
        if stop_after_s is not None and not interrupted and "ready" in text:
            time.sleep(stop_after_s)
            manager.interrupt_kernel()
            interrupted = True
        try:
            output = client.get_iopub_msg(timeout=0.3)
        except Exception:
            try:
                reply = client.get_shell_msg(timeout=0.05)
            except Exception:
                continue
            if reply["parent_header"].get("msg_id") == message:
                return {"state": reply["content"]["status"], "text": text}
            continue
        if output["msg_type"] == "stream":
            text += output["content"]["text"]
    return {"state": "hung", "text": text}


manager = KernelManager(kernel_name="deno", kernel_spec_manager=KernelSpecManager())
manager.start_kernel(cwd=sys.argv[1])
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=60)
try:
    print(json.dumps([run(client, manager, **cell) for cell in json.loads(sys.argv[2])]))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
