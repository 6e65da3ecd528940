import type { HttpModule } from "./http_module.ts";
import { ModuleCall, type ModuleSetting } from "./module_call.ts";
import type { Closable, RowOf, SessionState } from "./session_state.ts";

/** A session whose iterations are a module's. */
export class ModuleSession implements Closable {
  /** For the module alone. */
  readonly memory: Record<string, unknown> = {};
  /** What is under way on its connection, and on each of its streams. */
  readonly lanes = new Map<string, Promise<unknown>>();
  #call?: ModuleCall;
  #isWatched = false;

  constructor(readonly state: SessionState, readonly setting: ModuleSetting) {
    state.owns(this);
  }

  /**
   * Calls one of the module's functions, and writes what it did.
   *
   * @param of `scheduled_ms` is when it was to start, and afterwards when it ended.
   * @returns whether all went well.
   */
  async run(act: HttpModule, of: RowOf): Promise<boolean> {
    const call = this.#call = new ModuleCall(this, of);
    const { clock, request: { timeout_ms } } = this.setting;
    if (!this.#isWatched) this.#watch(clock.now() + timeout_ms);
    const good = await call.run(act);
    this.#call = undefined;
    of.scheduled_ms = this.setting.clock.now();
    return good;
  }

  /** One alarm for all calls: to set one for each would cost more than they do. */
  #watch(t_ms: number): void {
    const { over } = this.state.server;
    this.#isWatched = true;
    this.setting.clock.until(t_ms, over).then(() => {
      this.#isWatched = false;
      if (this.#call && !over?.aborted) this.#watch(this.#call.look());
    });
  }

  abort(): void {
    this.#call?.abort();
  }

  close(): void {}
}
