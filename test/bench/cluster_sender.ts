/** A worker's way to the hub alone: `cluster_sender.ts OPTIONS KEY FOLDER` sends the rows of a folder and ends. */
import { Hub } from "../../src/cluster/hub.ts";
import { Shipper } from "../../src/cluster/shipper.ts";

const [options, key, folder] = Deno.args;
await using hub = await Hub.open(JSON.parse(options));
await new Shipper(hub.redis, key, "secret", folder).finish();
