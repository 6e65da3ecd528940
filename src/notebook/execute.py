"""Executes a notebook in its kernel and loses no output.

Outputs of the Deno kernel may come after its status has gone idle, where nbclient stops listening. This client goes on
until the channel has been quiet for a while.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete, CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell

QUIET_S = 0.25
# Outputs that keep coming after idle are read for as long as this.
DRAIN_S = 600


class DrainingClient(NotebookClient):
    """Reads the outputs of a cell until the kernel is idle and silent."""

    async def _async_poll_output_msg(self, parent_msg_id, cell, cell_index):
        idle = False
        while True:
            next_message = self.kc.iopub_channel.get_msg(timeout=None)
            try:
                message = await asyncio.wait_for(next_message, QUIET_S if idle else None)
            except asyncio.TimeoutError:
                return
            if message["parent_header"].get("msg_id") != parent_msg_id:
                continue
            try:
                self.process_message(message, cell, cell_index)
            except CellExecutionComplete:
                idle = True


def inject(notebook, parameters):
    """Puts the parameters into a cell after the one tagged `parameters`."""
    cells = [cell for cell in notebook.cells if "injected-parameters" not in cell.metadata.get("tags", [])]
    at = next(i for i, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", []))
    source = "\n".join(f"const {name} = {json.dumps(value)};" for name, value in parameters.items())
    cells.insert(at + 1, new_code_cell(source, metadata={"tags": ["injected-parameters"]}))
    notebook.cells = cells


def plain(notebook):
    """Leaves only what a reader needs: no counters, no times, no tool's own metadata."""
    notebook.metadata = {"kernelspec": {"display_name": "Deno", "language": "typescript", "name": "deno"}}
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key == "tags"}
        if cell.cell_type == "code":
            cell.execution_count = None
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = None
    return notebook


def error_text(notebook):
    """The first error output, as text."""
    for number, cell in enumerate(notebook.cells, 1):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                trace = "\n".join(output.traceback) or f"{output.ename}: {output.evalue}"
                return f"Cell {number} failed:\n{cell.source}\n\n{trace}"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("notebook")
    parser.add_argument("--out")
    parser.add_argument("--parameters", default="{}")
    parser.add_argument("--timeout", type=float, default=3600, help="of one cell [s]")
    arguments = parser.parse_args()

    notebook = nbformat.read(arguments.notebook, as_version=4)
    parameters = json.loads(arguments.parameters)
    if parameters:
        inject(notebook, parameters)

    started = []

    def say(cell, cell_index):
        started.append(cell_index + 1)
        if cell.cell_type == "code" and cell.source.strip():
            line = cell.source.strip().splitlines()[0]
            print(f"[{cell_index + 1}/{len(notebook.cells)}] {line[:100]}", file=sys.stderr, flush=True)

    client = DrainingClient(
        notebook,
        kernel_name="deno",
        timeout=arguments.timeout,
        iopub_timeout=DRAIN_S,
        coalesce_streams=True,
        resources={"metadata": {"path": os.path.dirname(os.path.abspath(arguments.notebook))}},
        on_cell_start=say,
    )
    failure = None
    with tempfile.TemporaryFile() as kernel_log:
        try:
            client.execute(stderr=kernel_log)
        except CellExecutionError:
            failure = f"Cell {started[-1]} failed without a word, as it does where it cannot be parsed:\n{notebook.cells[started[-1] - 1].source}"
        except CellTimeoutError:
            failure = f"Cell {started[-1]} took longer than {arguments.timeout:g} s:\n{notebook.cells[started[-1] - 1].source}"
        except DeadKernelError:
            kernel_log.seek(0)
            failure = f"The kernel died in cell {started[-1]}.\n{kernel_log.read().decode(errors='replace')}"
    failure = error_text(notebook) or failure
    if arguments.out and arguments.out.lower().endswith(".html"):
        from page import page_of

        with open(arguments.out, "w", encoding="utf-8") as file:
            file.write(page_of(plain(notebook)))
    elif arguments.out:
        nbformat.write(plain(notebook), arguments.out)
    if failure:
        print(failure, file=sys.stderr)
        return 1
    print(f"Ran {len(started)} cells of {arguments.notebook}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
