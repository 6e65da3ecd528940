import { setUpPython } from "./src/notebook/set_up_python.ts";
const { python, env } = await setUpPython();
const { stdout, stderr } = await new Deno.Command(python, { args: Deno.args, env }).output();
console.log(new TextDecoder().decode(stdout), new TextDecoder().decode(stderr).slice(-500));
