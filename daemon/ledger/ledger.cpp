#include "daemon/ledger/ledger.h"

#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "daemon/ledger/columns.h"
#include "daemon/ledger/schema.h"

namespace benchd::ledger {
namespace {

using base::Done;
using base::Error;
using base::Result;

/// SQLite's own default; 4 MiB.
constexpr int kCheckpointPages = 1'000;

/// A file of its own, because closing any fd of the database's own file would drop SQLite's locks on it.
Result<base::Fd> lock(const std::string& path) {
  base::Fd fd(::open((path + "-lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return base::errno_error("open " + path + "-lock");
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno == EWOULDBLOCK) return Error{.code = EBUSY, .attempt = path + ": another benchd writes to it"};
  return base::errno_error("flock " + path + "-lock");
}

int64_t unix_seconds() {
  return (base::now() + base::wall_offset()) / base::kSecond;
}

// In the order of the columns of SELECT.
StoredWorkload workload_in(const Statement& row) {
  StoredWorkload it;
  it.number = row.integer(0);
  it.workload = {.name = row.text(1), .experiment = row.text(2), .variant = row.text(3)};
  it.totals = {.runs = row.counter(4),
               .failures = row.counter(5),
               .cpu_usec = row.counter(6),
               .on_cpu_ns = row.counter(7),
               .runnable_ns = row.counter(8),
               .blocked_ns = row.counter(9),
               .io_read_bytes = row.counter(10),
               .io_written_bytes = row.counter(11),
               .unobserved_ns = row.counter(12)};
  return it;
}

model::Mark mark_in(const Statement& row) {
  model::Mark it{.cgroup_id = row.counter(0),
                 .workload = row.integer(1),  // null reads as 0
                 .at = row.integer(2),
                 .cpu_usec = row.counter(7),
                 .io_read_bytes = row.counter(8),
                 .io_written_bytes = row.counter(9),
                 .threads = {},
                 .threads_estimated = {},
                 .runs = row.counter(4),
                 .failures = row.counter(5),
                 .run = static_cast<model::RunState>(row.integer(3)),
                 .run_failed = row.integer(6) != 0};
  if (!row.is_null(18)) {
    it.threads_estimated = {.on_cpu = row.counter(18),
                            .runnable = row.counter(19),
                            .blocked = row.counter(20),
                            .blocked_on_disk = {},
                            .alive = row.counter(21)};
  }
  if (row.is_null(10)) return it;
  it.threads = {.on_cpu = row.counter(10),
                .runnable = row.counter(11),
                .blocked = row.counter(12),
                .blocked_on_disk = {},
                .voluntary_switches = row.counter(14),
                .involuntary_switches = row.counter(15),
                .migrations = row.counter(16),
                .alive = row.counter(17)};
  if (!row.is_null(13)) it.threads->blocked_on_disk = row.counter(13);
  return it;
}

void bind(Statement& statement, const StoredWorkload& it) {
  const model::WorkloadTotals& totals = it.totals;
  statement.begin().bind(it.number).bind(it.workload.name).bind(it.workload.experiment).bind(it.workload.variant);
  statement.bind(totals.runs).bind(totals.failures).bind(totals.cpu_usec);
  statement.bind(totals.on_cpu_ns).bind(totals.runnable_ns).bind(totals.blocked_ns);
  statement.bind(totals.io_read_bytes).bind(totals.io_written_bytes).bind(totals.unobserved_ns);
}

void bind(Statement& statement, const model::Mark& it) {
  statement.begin().bind(it.cgroup_id);
  it.workload == 0 ? statement.bind_null() : statement.bind(it.workload);
  statement.bind(it.at).bind(static_cast<int64_t>(it.run)).bind(it.runs).bind(it.failures);
  statement.bind(static_cast<int64_t>(it.run_failed))
      .bind(it.cpu_usec)
      .bind(it.io_read_bytes)
      .bind(it.io_written_bytes);
  if (it.threads) {
    statement.bind(it.threads->on_cpu).bind(it.threads->runnable).bind(it.threads->blocked);
    it.threads->blocked_on_disk ? statement.bind(*it.threads->blocked_on_disk) : statement.bind_null();
    statement.bind(it.threads->voluntary_switches).bind(it.threads->involuntary_switches);
    statement.bind(it.threads->migrations).bind(it.threads->alive);
  } else {
    for (int column = 10; column < 18; ++column) statement.bind_null();
  }
  if (!it.threads_estimated) return;  // what is not bound is null
  const model::ThreadTimes& estimated = *it.threads_estimated;
  statement.bind(estimated.on_cpu).bind(estimated.runnable).bind(estimated.blocked).bind(estimated.alive);
}

}  // namespace

Error Ledger::about_this(Error error) const {
  error.attempt.insert(0, path_ + ": ");
  return error;
}

Result<Ledger> Ledger::open(const std::string& path, std::vector<int64_t> bounds) {
  const std::string directory = std::filesystem::path(path).parent_path();
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return base::errno_error("make " + directory);
  Result<base::Fd> locked = lock(path);
  if (!locked.ok()) return locked.error();
  Result<Database> database = Database::open(path);
  if (!database.ok()) return Error{.code = database.error().code, .attempt = path + ": " + database.error().attempt};
  Ledger ledger(path, std::move(bounds), *std::move(locked), *std::move(database));
  if (const Result<Done> prepared = ledger.prepare(); !prepared.ok()) return ledger.about_this(prepared.error());
  return ledger;
}

Result<Done> Ledger::prepare() {
  // A person with sqlite3 may be writing: that long a reading of the containers may be late, no longer.
  if (auto done = database_->execute("PRAGMA busy_timeout = 100"); !done.ok()) return done;
  // Before anything that writes, and the journal mode is written into the file.
  if (const auto version = usable_version(*database_); !version.ok()) return version.error();
  if (auto done = database_->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL"); !done.ok()) return done;
  if (auto done = migrate(*database_); !done.ok()) return done;
  Result<std::unique_ptr<Checkpointer>> checkpointer = Checkpointer::start(path_);
  if (!checkpointer.ok()) return checkpointer.error();
  checkpointer_ = *std::move(checkpointer);
  database_->watch_log();

  const auto into = [this](Statement& statement, const char* sql) -> Result<Done> {
    Result<Statement> prepared = database_->prepare(sql);
    if (!prepared.ok()) return prepared.error();
    statement = *std::move(prepared);
    return Done{};
  };
  // REPLACE would delete the row and insert another; the upsert changes it in place.
  if (auto done = into(put_workload_,
                       "INSERT INTO workload VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) "
                       "ON CONFLICT (number) DO UPDATE SET name = ?2, experiment = ?3, variant = ?4, runs = ?5, "
                       "failures = ?6, cpu_usec = ?7, on_cpu_ns = ?8, "
                       "runnable_ns = ?9, blocked_ns = ?10, io_read_bytes = ?11, io_written_bytes = ?12, "
                       "unobserved_ns = ?13");
      !done.ok())
    return done;
  if (auto done = into(put_mark_,
                       "INSERT OR REPLACE INTO mark VALUES "
                       "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, "
                       "?21, ?22)");
      !done.ok())
    return done;
  if (auto done = into(drop_mark_, "DELETE FROM mark WHERE cgroup_id = ?1"); !done.ok()) return done;
  if (auto done = into(put_cpus_, "INSERT OR REPLACE INTO cpus VALUES (?1, ?2, ?3)"); !done.ok()) return done;
  if (auto done = into(drop_cpus_, "DELETE FROM cpus WHERE cgroup_id = ?1"); !done.ok()) return done;
  if (auto done = into(put_time_, "UPDATE boot SET committed_at = ?1"); !done.ok()) return done;
  return tasks_.prepare(*database_);
}

Result<Contents> Ledger::load(const std::string& boot_id, base::Instant oldest) {
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction.ok()) return about_this(transaction.error());
  Contents contents;
  const auto read = [&]() -> Result<Done> {
    Result<Statement> boot = database_->prepare("SELECT boot_id, committed_at FROM boot");
    if (!boot.ok()) return boot.error();
    const Result<bool> known = boot->step();
    if (!known.ok()) return known.error();
    if (*known && boot->text(0) == boot_id) {
      contents.committed_at = boot->integer(1);
    } else {
      if (auto done = database_->execute("DELETE FROM boot; DELETE FROM mark; DELETE FROM cpus"); !done.ok())
        return done;
      Result<Statement> insert = database_->prepare("INSERT INTO boot VALUES (?1, 0)");
      if (!insert.ok()) return insert.error();
      if (auto done = insert->begin().bind(boot_id).run(); !done.ok()) return done;
    }
    Result<Statement> prune = database_->prepare("DELETE FROM mark WHERE at < ?1");
    if (!prune.ok()) return prune.error();
    if (auto done = prune->begin().bind(oldest).run(); !done.ok()) return done;
    if (auto done = database_->execute("DELETE FROM cpus WHERE cgroup_id NOT IN (SELECT cgroup_id FROM mark)");
        !done.ok())
      return done;

    Result<Statement> rows = database_->prepare("SELECT * FROM workload ORDER BY number");
    if (!rows.ok()) return rows.error();
    Result<bool> row = rows->step();
    for (; row.ok() && *row; row = rows->step()) contents.workloads.push_back(workload_in(*rows));
    if (!row.ok()) return row.error();
    rows = database_->prepare("SELECT * FROM mark");
    if (!rows.ok()) return rows.error();
    for (row = rows->step(); row.ok() && *row; row = rows->step()) contents.marks.push_back(mark_in(*rows));
    if (!row.ok()) return row.error();
    rows = database_->prepare("SELECT * FROM cpus");
    if (!rows.ok()) return rows.error();
    for (row = rows->step(); row.ok() && *row; row = rows->step())
      contents.cpus.push_back(
          {rows->counter(0), rows->integer(1) != 0, pairs_in<uint32_t, model::CpuTime>(rows->text(2))});
    if (!row.ok()) return row.error();
    Result<TaskContents> tasks = tasks_.load(*database_, bounds_, contents.committed_at.has_value(), unix_seconds());
    if (!tasks.ok()) return tasks.error();
    contents.tasks = *std::move(tasks);
    const Result<RunTables*> runs = run_tables();
    if (!runs.ok()) return runs.error();
    Result<std::vector<OpenRun>> open_runs = (*runs)->open_runs();
    if (!open_runs.ok()) return open_runs.error();
    contents.open_runs = *std::move(open_runs);
    return Done{};
  };
  if (const Result<Done> done = read(); !done.ok()) return about_this(done.error());
  if (const Result<Done> done = transaction->commit(); !done.ok()) return about_this(done.error());
  return contents;
}

Result<Done> Ledger::commit(const Batch& batch) {
  Result<Done> written = write(batch);
  if (!written.ok()) return about_this(written.error());
  if (database_->log_pages() >= kCheckpointPages) checkpointer_->wanted();
  return written;
}

Result<Done> Ledger::write(const Batch& batch) {
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction.ok()) return transaction.error();
  for (const StoredWorkload* it : batch.workloads) {
    bind(put_workload_, *it);
    if (Result<Done> done = put_workload_.run(); !done.ok()) return done;
  }
  for (const model::Mark* it : batch.marks) {
    bind(put_mark_, *it);
    if (Result<Done> done = put_mark_.run(); !done.ok()) return done;
  }
  for (const StoredCpus* it : batch.cpus) {
    const std::string cpus = pairs_text(it->cpus);
    put_cpus_.begin().bind(it->cgroup_id).bind(static_cast<int64_t>(it->estimated)).bind(cpus);
    if (Result<Done> done = put_cpus_.run(); !done.ok()) return done;
  }
  for (const uint64_t cgroup_id : batch.gone) {
    if (Result<Done> done = drop_mark_.begin().bind(cgroup_id).run(); !done.ok()) return done;
    if (Result<Done> done = drop_cpus_.begin().bind(cgroup_id).run(); !done.ok()) return done;
  }
  if (Result<Done> done = put_time_.begin().bind(batch.at).run(); !done.ok()) return done;
  if (Result<Done> done = tasks_.write(batch.tasks, bounds_, unix_seconds()); !done.ok()) return done;
  if (Result<Done> done = write_runs(batch); !done.ok()) return done;
  return transaction->commit();
}

/// Few commits have runs in them, and some ledgers none at all.
Result<RunTables*> Ledger::run_tables() {
  if (!run_tables_) {
    Result<RunTables> prepared = RunTables::prepare(*database_);
    if (!prepared.ok()) return prepared.error();
    run_tables_ = *std::move(prepared);
  }
  return &*run_tables_;
}

Result<Done> Ledger::write_runs(const Batch& batch) {
  if (batch.runs.empty() && batch.open_runs.empty() && batch.open_runs_gone.empty()) return Done{};
  const Result<RunTables*> prepared = run_tables();
  if (!prepared.ok()) return prepared.error();
  RunTables& tables = **prepared;
  for (const model::RunRecord* it : batch.runs) {
    const Result<bool> put = tables.put(*it);
    // The row that is there stays: better than a ledger that takes nothing any more.
    if (put.ok()) continue;
    if (put.error().code != EEXIST) return put.error();
    ++refused_runs_;
  }
  for (const OpenRun* it : batch.open_runs)
    if (Result<Done> done = tables.put(*it); !done.ok()) return done;
  for (const std::string& id : batch.open_runs_gone)
    if (Result<Done> done = tables.drop_open(id); !done.ok()) return done;
  return Done{};
}

Result<Done> Ledger::change_runs(const std::function<Result<Done>(RunTables&)>& change) {
  const auto within = [&]() -> Result<Done> {
    Result<Transaction> transaction = Transaction::begin(*database_);
    if (!transaction.ok()) return transaction.error();
    const Result<RunTables*> tables = run_tables();
    if (!tables.ok()) return tables.error();
    if (Result<Done> done = change(**tables); !done.ok()) return done;
    return transaction->commit();
  };
  Result<Done> done = within();
  if (!done.ok()) return about_this(done.error());
  if (database_->log_pages() >= kCheckpointPages) checkpointer_->wanted();
  return done;
}

/// `one` of the tables' functions, alone.
template <class T, class One>
Result<T> Ledger::change(One one) {
  std::optional<T> outcome;
  const Result<Done> done = change_runs([&](RunTables& tables) -> Result<Done> {
    Result<T> result = one(tables);
    if (!result.ok()) return result.error();
    outcome = *std::move(result);
    return Done{};
  });
  if (!done.ok()) return done.error();
  return *std::move(outcome);
}

Result<bool> Ledger::put(const model::Campaign& campaign) {
  return change<bool>([&](RunTables& tables) { return tables.put(campaign); });
}

Result<bool> Ledger::put(const model::RunRecord& run) {
  return change<bool>([&](RunTables& tables) { return tables.put(run); });
}

Result<uint64_t> Ledger::record_look(const std::string& campaign) {
  return change<uint64_t>([&](RunTables& tables) { return tables.record_look(campaign); });
}

Result<Done> Ledger::finish(const std::string& campaign, int64_t at) {
  return change<Done>([&](RunTables& tables) { return tables.finish(campaign, at); });
}

Result<uint64_t> Ledger::remove(const RunFilter& filter) {
  return change<uint64_t>([&](RunTables& tables) { return tables.remove(filter); });
}

std::string cure_of(const Error& error, const std::string& path) {
  const std::string directory = std::filesystem::path(path).parent_path();
  switch (error.code) {
    case 0:
      return "run that one, or give this one a --storage.path of its own";
    case EBUSY:
      return "end the other one, or give this one a --storage.path of its own";
    case EUCLEAN:
      return "mv " + path + " " + path + ".damaged, then restart benchd: all totals begin at 0";
    case ENOSPC:
      return "make room in " + directory;
    default:
      return "let benchd's user write to " + directory + ", or give a --storage.path where it may";
  }
}

}  // namespace benchd::ledger
