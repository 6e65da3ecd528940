"""What others would write to reduce a run to levels: dataset_peers.py duckdb|polars jsonl|parquet RUN, or pandas jsonl RUN.

Each is written as its documentation advises for speed: types are given, only the columns that count are read, and each file is read
once. Hashes of seals are not checked, and of all that `summarise` says only this is worked out, printed as one JSON document.
"""

import glob
import json
import os
import sys

STEPS = 2
COLUMNS = {
    "requests": {
        "session": "int",
        "iteration": "int",
        "step": "text",
        "scheduled_ms": "number",
        "started_ms": "number",
        "duration_ms": "number",
        "outcome": "text",
        "bytes_in": "number",
        "bytes_out": "number",
        "phase": "text",
    },
    "resources": {"t_ms": "number", "group": "text", "cpu_ms": "number", "memory_bytes": "number"},
}
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def seals(run):
    """Folder, level, replicate, attempt and window of what counts; of each replicate the latest attempt."""
    latest = {}
    for path in sorted(glob.glob(os.path.join(run, "levels/*/r*/a*/COMPLETE.json"))):
        with open(path) as file:
            seal = json.load(file)
        if seal["replicate"] > 0:
            window = seal["window"]
            latest[seal["level"], seal["replicate"]] = (
                os.path.dirname(path),
                seal["level"],
                seal["replicate"],
                seal["attempt"],
                window["from_ms"],
                window["to_ms"],
            )
    return list(latest.values())


def duckdb(kind, run):
    import duckdb

    db = duckdb.connect(config={"preserve_insertion_order": False})
    found = seals(run)
    names = "dir varchar, level int, replicate int, attempt int, from_ms double, to_ms double"
    db.execute(f"create table seals({names})")
    db.execute(f"insert into seals values {', '.join(str(seal) for seal in found)}")

    def source(name):
        if kind == "parquet":
            path = os.path.join(run, "derived", f"rows_{name}.parquet")
            missing = ", null as phase" if name == "requests" and not has_phase(db, path) else ""
            return f"(select *{missing} from read_parquet('{path}')) join seals using (level, replicate, attempt)"
        types = {"int": "INTEGER", "text": "VARCHAR", "number": "DOUBLE"}
        columns = {column: types[type] for column, type in COLUMNS[name].items()}
        files = [f"{seal[0]}/{name}.jsonl" for seal in found]
        return (
            f"read_json({files}, format = 'newline_delimited', filename = true, columns = {columns}) rows "
            f"join seals on rows.filename = seals.dir || '/{name}.jsonl'"
        )

    db.execute(
        "create temp table requests as select level, replicate, session, iteration, step, outcome, phase, from_ms, to_ms, "
        f"scheduled_ms, started_ms + duration_ms as ended_ms, bytes_in + bytes_out as bytes from {source('requests')}"
    )
    requests = db.execute(
        "select level, replicate, count(*), sum(bytes) / any_value(to_ms - from_ms) * 1000, "
        "avg((outcome <> 'ok')::int), "
        f"quantile_cont(ended_ms - scheduled_ms, {list(QUANTILES.values())}) filter (phase is null) "
        "from requests where ended_ms between from_ms and to_ms group by all"
    ).fetchall()
    iterations = db.execute(
        f"select level, replicate, count(*) filter (ok and steps >= {STEPS}) / any_value(to_ms - from_ms) * 1000 from ("
        "select level, replicate, session, iteration, max(ended_ms) as ended_ms, bool_and(outcome = 'ok') as ok, "
        "count(*) filter (not ends_with(step, ' (connect)')) as steps, any_value(from_ms) as from_ms, "
        "any_value(to_ms) as to_ms from requests where phase is null group by level, replicate, session, iteration"
        ") where ended_ms between from_ms and to_ms group by level, replicate"
    ).fetchall()
    resources = db.execute(
        'select level, replicate, "group", (max(cpu_ms) - min(cpu_ms)) / (max(t_ms) - min(t_ms)), max(memory_bytes), '
        f"avg(memory_bytes) from {source('resources')} where t_ms between from_ms and to_ms group by all"
    ).fetchall()
    return levels(
        [(*row[:5], *row[5]) for row in requests],
        iterations,
        resources,
    )


def has_phase(db, path):
    return "phase" in [row[0] for row in db.execute(f"describe select * from '{path}'").fetchall()]


def polars(kind, run):
    import polars as pl

    found = seals(run)
    seal_types = [pl.String, pl.Int32, pl.Int32, pl.Int32, pl.Float64, pl.Float64]
    names = ["dir", "level", "replicate", "attempt", "from_ms", "to_ms"]
    seal = pl.LazyFrame(found, schema=dict(zip(names, seal_types)), orient="row")
    col = pl.col

    def scan(name):
        if kind == "parquet":
            rows = pl.scan_parquet(os.path.join(run, "derived", f"rows_{name}.parquet"))
            if name == "requests" and "phase" not in rows.collect_schema():
                rows = rows.with_columns(phase=pl.lit(None, pl.String))
            return rows.join(seal, on=["level", "replicate", "attempt"])
        types = {"int": pl.Int32, "text": pl.String, "number": pl.Float64}
        schema = {column: types[type] for column, type in COLUMNS[name].items()}
        files = [f"{path}/{name}.jsonl" for path, *_ in found]
        rows = pl.scan_ndjson(files, schema=schema, include_file_paths="file")
        return rows.join(seal.with_columns(file=col("dir") + f"/{name}.jsonl"), on="file")

    keys = ["level", "replicate"]
    window_s = (col("to_ms") - col("from_ms")).first() / 1000
    inside = col("ended_ms").is_between(col("from_ms"), col("to_ms"))
    own = col("phase").is_null()
    latency = (col("ended_ms") - col("scheduled_ms")).filter(own)
    rows = scan("requests").with_columns(ended_ms=col("started_ms") + col("duration_ms"))
    requests = rows.filter(inside).group_by(keys).agg(
        pl.len(),
        ((col("bytes_in") + col("bytes_out")).sum() / window_s).alias("bytes"),
        (col("outcome") != "ok").mean().alias("errors"),
        *[latency.quantile(q, interpolation="linear").alias(name) for name, q in QUANTILES.items()],
    )
    iterations = (
        rows.filter(own)
        .group_by(*keys, "session", "iteration")
        .agg(
            col("ended_ms").max(),
            (col("outcome") == "ok").all().alias("ok"),
            (~col("step").str.ends_with(" (connect)")).sum().alias("steps"),
            col("from_ms").first(),
            col("to_ms").first(),
        )
        .filter(inside)
        .group_by(keys)
        .agg((col("ok") & (col("steps") >= STEPS)).sum() / window_s)
    )
    resources = (
        scan("resources")
        .filter(col("t_ms").is_between(col("from_ms"), col("to_ms")))
        .group_by(*keys, "group")
        .agg(
            ((col("cpu_ms").max() - col("cpu_ms").min()) / (col("t_ms").max() - col("t_ms").min())).alias("cores"),
            col("memory_bytes").max().alias("most"),
            col("memory_bytes").mean().alias("mean"),
        )
    )
    # At once, so that the rows of requests are read once.
    results = pl.collect_all([requests, iterations, resources], engine="streaming")
    return levels(*[frame.rows() for frame in results])


def pandas(_, run):
    import pandas as pd

    found = seals(run)

    def frame(name):
        parts = []
        for path, level, replicate, _, from_ms, to_ms in found:
            rows = pd.read_json(f"{path}/{name}.jsonl", lines=True)
            rows = rows[[column for column in COLUMNS[name] if column in rows]]
            keys = dict(level=level, replicate=replicate, from_ms=from_ms, to_ms=to_ms)
            parts.append(rows.assign(**keys))
        return pd.concat(parts, ignore_index=True)

    keys = ["level", "replicate"]
    rows = frame("requests")
    if "phase" not in rows:
        rows["phase"] = None
    rows["ended_ms"] = rows.started_ms + rows.duration_ms
    rows["bytes"] = rows.bytes_in + rows.bytes_out
    rows["failed"] = rows.outcome != "ok"
    rows["is_step"] = ~rows.step.str.endswith(" (connect)")
    own = rows[rows.phase.isna()]
    inside = rows[(rows.ended_ms >= rows.from_ms) & (rows.ended_ms <= rows.to_ms)]
    groups = inside.groupby(keys)
    window_s = (groups.to_ms.first() - groups.from_ms.first()) / 1000
    mine = inside[inside.phase.isna()]
    latency = (mine.ended_ms - mine.scheduled_ms).groupby([mine[key] for key in keys])
    quantiles = latency.quantile(list(QUANTILES.values())).unstack()
    columns = [groups.size(), groups.bytes.sum() / window_s, groups.failed.mean(), quantiles]
    requests = pd.concat(columns, axis=1).reset_index().itertuples(index=False, name=None)
    whole = own.groupby([*keys, "session", "iteration"]).agg(
        ended_ms=("ended_ms", "max"),
        failed=("failed", "max"),
        steps=("is_step", "sum"),
        from_ms=("from_ms", "first"),
        to_ms=("to_ms", "first"),
    )
    ended = whole[(whole.ended_ms >= whole.from_ms) & (whole.ended_ms <= whole.to_ms)]
    ok = (~ended.failed & (ended.steps >= STEPS)).groupby(level=keys).sum() / window_s
    iterations = ok.reset_index().itertuples(index=False, name=None)
    samples = frame("resources")
    samples = samples[(samples.t_ms >= samples.from_ms) & (samples.t_ms <= samples.to_ms)]
    groups = samples.groupby([*keys, "group"])
    spread = groups[["cpu_ms", "t_ms"]].max() - groups[["cpu_ms", "t_ms"]].min()
    columns = [spread.cpu_ms / spread.t_ms, groups.memory_bytes.max(), groups.memory_bytes.mean()]
    resources = pd.concat(columns, axis=1).reset_index().itertuples(index=False, name=None)
    return levels(requests, iterations, resources)


def levels(requests, iterations, resources):
    """Metrics by level and replicate, as Plimsoll names them."""
    found = {}
    for level, replicate, count, bytes_per_s, errors, *quantiles in requests:
        found[f"{level} {replicate}"] = {
            "requests": count,
            "network_bytes_per_s": bytes_per_s,
            "error_ratio": errors,
            **{f"latency_ms_{name}": value for name, value in zip(QUANTILES, quantiles)},
        }
    for level, replicate, throughput in iterations:
        found[f"{level} {replicate}"]["throughput"] = throughput
    for level, replicate, group, cores, most, mean in resources:
        metrics = {"cores": cores, "memory_bytes": most, "memory_mean_bytes": mean}
        found[f"{level} {replicate}"].update({f"{group}_{name}": value for name, value in metrics.items()})
    return found


if __name__ == "__main__":
    which, kind, run = sys.argv[1:]
    result = {"duckdb": duckdb, "polars": polars, "pandas": pandas}[which](kind, run)
    print(json.dumps(result, default=float))
