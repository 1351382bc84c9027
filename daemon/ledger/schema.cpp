#include "daemon/ledger/schema.h"

#include <array>
#include <string>

namespace benchd::ledger {
namespace {

using base::Done;
using base::Error;
using base::Result;

// Each entry brings the schema from the version that is its index to the next. Published ones are never edited: a
// change is a new entry at the end. Counters are SQLite's signed 64-bit integers; nanoseconds reach that far for
// 292 thread-years.
constexpr auto kMigrations = std::to_array<const char*>({
    // 1: workloads, and how far each container is charged to them
    R"(
      -- No two have the same name, experiment and variant; no UNIQUE says so, because a number may be given to another
      -- workload, and within a transaction two may swap theirs.
      CREATE TABLE workload (
        number INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        experiment TEXT NOT NULL,
        variant TEXT NOT NULL,
        runs INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        cpu_usec INTEGER NOT NULL,
        on_cpu_ns INTEGER NOT NULL,
        runnable_ns INTEGER NOT NULL,
        blocked_ns INTEGER NOT NULL,
        io_read_bytes INTEGER NOT NULL,
        io_written_bytes INTEGER NOT NULL,
        unobserved_ns INTEGER NOT NULL
      ) STRICT;

      -- A row for each container of this boot that is there, or was lately. Until the workload is known (null) nothing of
      -- the row is in a workload's totals, then all of it. The thread times from threads_on_cpu_ns on are null together.
      CREATE TABLE mark (
        cgroup_id INTEGER PRIMARY KEY,
        workload INTEGER REFERENCES workload,
        at INTEGER NOT NULL,
        run INTEGER NOT NULL,
        runs INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        run_failed INTEGER NOT NULL,
        cpu_usec INTEGER NOT NULL,
        io_read_bytes INTEGER NOT NULL,
        io_written_bytes INTEGER NOT NULL,
        threads_on_cpu_ns INTEGER,
        threads_runnable_ns INTEGER,
        threads_blocked_ns INTEGER,
        threads_blocked_on_disk_ns INTEGER,
        voluntary_switches INTEGER,
        involuntary_switches INTEGER,
        migrations INTEGER,
        threads_alive INTEGER
      ) STRICT;

      -- The boot that the marks are of, and when they were last committed. One row.
      CREATE TABLE boot (
        boot_id TEXT NOT NULL,
        committed_at INTEGER NOT NULL
      ) STRICT;
    )",
    // 2: thread times estimated without kernel programs; null together
    R"(
      ALTER TABLE mark ADD COLUMN estimated_on_cpu_ns INTEGER;
      ALTER TABLE mark ADD COLUMN estimated_runnable_ns INTEGER;
      ALTER TABLE mark ADD COLUMN estimated_blocked_ns INTEGER;
      ALTER TABLE mark ADD COLUMN estimated_alive INTEGER;
    )",
    // 3: logs, and the tasks in them
    R"(
      -- How far each log is read, with what was counted in it. `place` means something to the reader of that kind of log.
      CREATE TABLE log (
        log TEXT PRIMARY KEY,
        place TEXT NOT NULL,
        cgroup_id INTEGER NOT NULL,
        written_at INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        matched INTEGER NOT NULL,
        unmatched INTEGER NOT NULL,
        malformed INTEGER NOT NULL,
        truncated INTEGER NOT NULL,
        rotations INTEGER NOT NULL,
        truncations INTEGER NOT NULL,
        lost_lines INTEGER NOT NULL,
        losses INTEGER NOT NULL,
        late INTEGER NOT NULL,
        overflowed INTEGER NOT NULL,
        unpaired INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;

      -- Beginnings of tasks whose end was not read yet, and ends that were read first.
      CREATE TABLE open_pair (
        log TEXT NOT NULL,
        rule TEXT NOT NULL,
        id TEXT NOT NULL,
        is_end INTEGER NOT NULL,
        at INTEGER,
        duration INTEGER,
        kind TEXT NOT NULL,
        outcome TEXT NOT NULL,
        process INTEGER,
        thread INTEGER,
        PRIMARY KEY (log, rule, id)
      ) STRICT, WITHOUT ROWID;

      -- The tasks of one key, of a container of this boot (owner 0, number = cgroup id, 0 = the host) or of a workload
      -- (owner 1). A container's are in its workload's as soon as its mark says which that is. Buckets: "ns:count …".
      CREATE TABLE task (
        owner INTEGER NOT NULL,
        number INTEGER NOT NULL,
        task TEXT NOT NULL,
        outcome TEXT NOT NULL,
        tasks INTEGER NOT NULL,
        timed INTEGER NOT NULL,
        duration_ns INTEGER NOT NULL,
        buckets TEXT NOT NULL,
        cost_tasks INTEGER NOT NULL,
        cost_apportioned INTEGER NOT NULL,
        cost_task_ns INTEGER NOT NULL,
        cost_cpu_ns INTEGER NOT NULL,
        cost_on_cpu_ns INTEGER NOT NULL,
        cost_runnable_ns INTEGER NOT NULL,
        cost_blocked_ns INTEGER NOT NULL,
        cost_io_read_bytes INTEGER NOT NULL,
        cost_io_written_bytes INTEGER NOT NULL,
        PRIMARY KEY (owner, number, task, outcome)
      ) STRICT, WITHOUT ROWID;

      -- What a container of this boot used while no task of it was in flight.
      CREATE TABLE residual (
        cgroup_id INTEGER PRIMARY KEY,
        cpu_ns INTEGER NOT NULL,
        on_cpu_ns INTEGER NOT NULL,
        runnable_ns INTEGER NOT NULL,
        blocked_ns INTEGER NOT NULL,
        io_read_bytes INTEGER NOT NULL,
        io_written_bytes INTEGER NOT NULL
      ) STRICT;
    )",
    // 4: campaigns and finished runs
    R"(
      CREATE TABLE campaign (
        id TEXT PRIMARY KEY,
        experiment TEXT NOT NULL,
        definition TEXT NOT NULL,
        hash TEXT NOT NULL,
        host TEXT NOT NULL,
        seed INTEGER NOT NULL,
        planned_blocks INTEGER NOT NULL,
        started_at_ns INTEGER NOT NULL,
        finished_at_ns INTEGER,
        looks INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX campaign_of_experiment ON campaign (experiment, started_at_ns);

      -- One row a finished run; the names are those of model/run_fields.h. Its campaign's row may be missing: runs can be
      -- imported without. The thread times are null together. `cpu_ns`: "cpu:nanoseconds …"; `incomplete`: a line each.
      CREATE TABLE run (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        campaign TEXT NOT NULL,
        experiment TEXT NOT NULL,
        variant TEXT NOT NULL,
        block INTEGER,
        start_order INTEGER NOT NULL,
        control INTEGER NOT NULL,
        warm_up INTEGER NOT NULL,
        container TEXT NOT NULL,
        image_digest TEXT NOT NULL,
        host TEXT NOT NULL,
        kernel TEXT NOT NULL,
        cpu_model TEXT NOT NULL,
        cpus INTEGER NOT NULL,
        governor TEXT NOT NULL,
        turbo INTEGER,
        smt INTEGER,
        cpuset TEXT NOT NULL,
        cpu_limit REAL,
        memory_limit_bytes INTEGER,
        started_at_ns INTEGER NOT NULL,
        duration_ns INTEGER NOT NULL,
        exit_code INTEGER,
        oom_killed INTEGER NOT NULL,
        failure TEXT NOT NULL,
        exclusion TEXT NOT NULL,
        incomplete TEXT NOT NULL,
        cpu_usec INTEGER NOT NULL,
        cpu_user_usec INTEGER NOT NULL,
        cpu_system_usec INTEGER NOT NULL,
        cpu_ns TEXT NOT NULL,
        threads_on_cpu_ns INTEGER,
        threads_runnable_ns INTEGER,
        threads_blocked_ns INTEGER,
        threads_blocked_on_disk_ns INTEGER,
        voluntary_switches INTEGER,
        involuntary_switches INTEGER,
        migrations INTEGER,
        threads_alive INTEGER,
        throttled_usec INTEGER,
        memory_peak_bytes INTEGER,
        io_read_bytes INTEGER,
        io_written_bytes INTEGER,
        network_received_bytes INTEGER,
        network_sent_bytes INTEGER,
        task_span_ns INTEGER
      ) STRICT;
      CREATE INDEX run_of_experiment ON run (experiment, started_at_ns);
      CREATE INDEX run_of_campaign ON run (campaign, started_at_ns);

      -- A run's tasks of one key. `durations`: "bucket:tasks …", the buckets those of analysis/durations.h.
      CREATE TABLE run_task (
        run INTEGER NOT NULL REFERENCES run,
        task TEXT NOT NULL,
        outcome TEXT NOT NULL,
        tasks INTEGER NOT NULL,
        timed INTEGER NOT NULL,
        duration_ns INTEGER NOT NULL,
        durations TEXT NOT NULL,
        PRIMARY KEY (run, task, outcome)
      ) STRICT, WITHOUT ROWID;

      -- Runs that the daemon saw start and cannot tell all of yet: what their container had used before, and, once they
      -- are over, what is known so far. Both mean something to the daemon alone.
      CREATE TABLE open_run (
        id TEXT PRIMARY KEY,
        cgroup_id INTEGER NOT NULL,
        base TEXT NOT NULL,
        ended TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;

      -- As in run_task; then Unix times in nanoseconds.
      ALTER TABLE task ADD COLUMN durations TEXT NOT NULL DEFAULT '';
      ALTER TABLE task ADD COLUMN first_start INTEGER;
      ALTER TABLE task ADD COLUMN last_end INTEGER;
    )",
    // 5: time per cpu, which some kernels and all estimates forget
    R"(
      -- As it was shown last of a container that has a mark: "cpu:ns …".
      CREATE TABLE cpus (
        cgroup_id INTEGER PRIMARY KEY,
        estimated INTEGER NOT NULL,
        cpus TEXT NOT NULL
      ) STRICT;
    )",
    // 6: lines with the stamps of flushes
    R"(
      ALTER TABLE log ADD COLUMN coarse INTEGER NOT NULL DEFAULT 0;
    )",
    // 7: what a run used while it lasted
    R"(
      -- "usec:cpu usec:memory bytes …" since its start; what is not known of a point is empty.
      ALTER TABLE run ADD COLUMN course TEXT NOT NULL DEFAULT '';
      ALTER TABLE run ADD COLUMN cpu_frequency_hz REAL;
    )",
    // 8: what a campaign's services used during a run
    R"(
      -- "service:cpu usec:memory bytes …"; what is not known is empty.
      ALTER TABLE run ADD COLUMN services TEXT NOT NULL DEFAULT '';
    )",
});

}  // namespace

int64_t schema_version() {
  return static_cast<int64_t>(kMigrations.size());
}

Result<int64_t> usable_version(Database& database) {
  Result<int64_t> version = database.integer("PRAGMA user_version");
  if (!version.ok()) return version;
  if (*version > schema_version() || *version < 0) {
    return Error{.attempt = "it was written by a later benchd: its schema has version " + std::to_string(*version) +
                            ", this one knows " + std::to_string(schema_version())};
  }
  const Result<int64_t> tables = database.integer("SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return tables.error();
  if (*version == 0 && *tables > 0) return Error{.attempt = "it is the database of another program"};
  return version;
}

Result<Done> migrate(Database& database, int64_t target) {
  Result<Transaction> transaction = Transaction::begin(database);
  if (!transaction.ok()) return transaction.error();
  const Result<int64_t> version = usable_version(database);
  if (!version.ok()) return version.error();
  if (*version >= target) return Done{};
  for (auto i = static_cast<size_t>(*version); i < static_cast<size_t>(target); ++i) {
    if (Result<Done> done = database.execute(kMigrations[i]); !done.ok()) return done;
  }
  const std::string set_version = "PRAGMA user_version = " + std::to_string(target);
  if (Result<Done> done = database.execute(set_version.c_str()); !done.ok()) return done;
  return transaction->commit();
}

}  // namespace benchd::ledger
