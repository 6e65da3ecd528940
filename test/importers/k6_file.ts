/** One level of a test of k6. */
export interface K6Level {
  vus: number;
  seconds: number;
}

/** What a file in k6's form says, and how it is written. */
export interface K6Options {
  format: "json" | "csv";
  /** Iterations a second and virtual user. */
  rate?: number;
  /** Names of requests. */
  name?: string;
  /** Every so manieth request fails. */
  failing?: number;
}

const START_MS = Date.UTC(2026, 0, 1);
const CSV_HEADER =
  "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,proto,scenario," +
  "service,status,subproto,tls_version,url,extra_tags,metadata";

/**
 * A file as `k6 run --out json` or `--out csv` (in milliseconds) writes it, after k6's documentation and its source, `output/json/wrapper.go` and
 * `output/csv/output.go`: each second a point of `vus`, and for each request the points that k6 writes of one.
 */
export function k6File(levels: readonly K6Level[], options: K6Options): string {
  const { format, rate = 2, name = "http://127.0.0.1:8437/api/chat?viewer=k6", failing } = options;
  const lines = format === "csv" ? [CSV_HEADER] : [];
  const declared = new Set<string>();
  const point = (metric: string, at_ms: number, value: number, tags: Record<string, string> = {}) => {
    if (format === "csv") {
      const cell = (key: string) =>
        /[",\n]/.test(tags[key] ?? "") ? `"${tags[key].replaceAll('"', '""')}"` : tags[key] ?? "";
      const keys = CSV_HEADER.split(",").slice(3, -2);
      lines.push([metric, at_ms, value.toFixed(6), ...keys.map(cell), "", ""].join(","));
      return;
    }
    if (!declared.has(metric)) {
      declared.add(metric);
      const data = {
        name: metric,
        type: metric === "vus" ? "gauge" : "trend",
        contains: "default",
        thresholds: [],
        submetrics: null,
      };
      lines.push(JSON.stringify({ type: "Metric", data, metric }));
    }
    lines.push(JSON.stringify({ metric, type: "Point", data: { time: new Date(at_ms).toISOString(), value, tags } }));
  };
  let second = 0;
  let count = 0;
  for (const { vus, seconds } of levels) {
    const end = second + seconds;
    for (; second < end; second++) {
      const at_ms = START_MS + 1000 * second;
      point("vus", at_ms, vus);
      for (let index = 0; index < rate * vus; index++) {
        const ended_ms = at_ms + Math.floor(1000 * (index + 0.5) / (rate * vus));
        const fails = failing !== undefined && ++count % failing === 0;
        const tags = {
          expected_response: String(!fails),
          ...(fails ? { error_code: "1503" } : {}),
          ...{
            group: "",
            method: "GET",
            name,
            proto: "HTTP/1.1",
            scenario: "default",
            status: fails ? "503" : "200",
            url: name,
          },
        };
        point("http_reqs", ended_ms, 1, tags);
        point("http_req_duration", ended_ms, 10 + vus, tags);
        point("http_req_failed", ended_ms, fails ? 1 : 0, tags);
        point("data_sent", ended_ms, 100, { group: "", scenario: "default" });
        point("data_received", ended_ms, 900, { group: "", scenario: "default" });
        point("iterations", ended_ms, 1, { group: "", scenario: "default" });
      }
    }
  }
  return lines.join("\n") + "\n";
}
