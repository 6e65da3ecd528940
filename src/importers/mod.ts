/** Files of other load tools, made into run directories. */
export * from "./import_run.ts";
