import { join } from "node:path";
import { tempFolder } from "../../temp_folder.ts";

/** A fresh certificate for `localhost` and 127.0.0.1, that only itself vouches for, and its key, as PEM. */
export async function selfSigned(name = "localhost"): Promise<{ cert: string; key: string }> {
  await using folder = await tempFolder();
  const [keyFile, certFile] = [join(folder.path, "key.pem"), join(folder.path, "cert.pem")];
  const { code, stderr } = await new Deno.Command("openssl", {
    args: [
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj".split(" "),
      `/CN=${name}`,
      ...["-addext", `subjectAltName=DNS:${name},IP:127.0.0.1`, "-addext", "basicConstraints=critical,CA:FALSE"],
      ...["-keyout", keyFile, "-out", certFile],
    ],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  return { cert: await Deno.readTextFile(certFile), key: await Deno.readTextFile(keyFile) };
}
