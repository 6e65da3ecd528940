import { Buffer } from "node:buffer";
import type { HttpCheck } from "../../schema/plan.ts";
import type { HttpResponse } from "../http1/mod.ts";
import type { SessionState } from "./session_state.ts";
import { Template, type TemplateOptions } from "./template.ts";

/** A {@linkcode HttpCheck}, ready for use. */
export class ResponseCheck {
  /** Whether the body has to be kept. */
  readonly needsBody: boolean;
  #statuses?: number[];
  #contains?: Template;
  #json: [path: string, value: Template | number | boolean | null][];

  constructor({ status, contains, json = {} }: HttpCheck, options: Pick<TemplateOptions, "environment">) {
    if (status !== undefined) this.#statuses = [status].flat();
    if (contains !== undefined) this.#contains = new Template(contains, options);
    this.#json = Object.entries(json).map(([path, value]) => [
      path,
      typeof value === "string" ? new Template(value, options) : value,
    ]);
    this.needsBody = contains !== undefined || this.#json.length > 0;
  }

  /** Whether a status is one that the check asks for. */
  asksFor(status: number): boolean {
    return this.#statuses?.includes(status) ?? false;
  }

  /**
   * Judges a whole response.
   *
   * @returns its outcome, and what is wrong without quoting it: a body may hold secrets.
   */
  judge(
    response: Pick<HttpResponse, "outcome" | "status" | "body">,
    state: SessionState,
    iteration: number,
  ): Pick<HttpResponse, "outcome"> & { reason?: string } {
    const failed = (reason: string) => ({ outcome: "check_failed" as const, reason });
    if (this.#statuses && !this.asksFor(response.status)) {
      return failed(`status ${response.status}, where the check asks for ${this.#statuses.join(" or ")}`);
    }
    if (!this.#statuses && response.outcome !== "ok") return { outcome: response.outcome };
    const body = Buffer.from(response.body.buffer, response.body.byteOffset, response.body.length);
    if (this.#contains && !body.includes(this.#contains.fill(state, iteration))) {
      return failed("the body does not contain what the check asks for");
    }
    if (this.#json.length === 0) return { outcome: "ok" };
    let value: unknown;
    try {
      value = JSON.parse(body.toString());
    } catch {
      return failed("the body is no JSON");
    }
    for (const [path, expected] of this.#json) {
      const wanted = expected instanceof Template ? expected.fill(state, iteration) : expected;
      if (valueAt(value, path) !== wanted) return failed(`${path} in the body is not what the check asks for`);
    }
    return { outcome: "ok" };
  }
}

function valueAt(value: unknown, path: string): unknown {
  let at = value;
  for (const key of path.split(".")) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}
