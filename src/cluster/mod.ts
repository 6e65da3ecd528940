/** The same sweep over many machines, through a hub that runs Redis. */
export { fetchArtifacts, type FetchEnd } from "./fetch_artifacts.ts";
export { type FleetOptions, openFleet } from "./fleet.ts";
export type { HubOptions } from "./hub.ts";
export { runWorker, type WorkerEnd, type WorkerOptions } from "./run_worker.ts";
