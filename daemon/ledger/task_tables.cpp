#include "daemon/ledger/task_tables.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "daemon/ledger/columns.h"

namespace benchd::ledger {
namespace {

using base::Done;
using base::Result;
using model::LogCounts;
using model::TaskTotals;
using model::Usage;

constexpr int64_t kKeepLog = int64_t{30} * 86'400;

// In the order of the columns.
constexpr std::array kCounts = {&LogCounts::bytes,       &LogCounts::matched,    &LogCounts::unmatched,
                                &LogCounts::malformed,   &LogCounts::truncated,  &LogCounts::rotations,
                                &LogCounts::truncations, &LogCounts::lost_lines, &LogCounts::losses,
                                &LogCounts::late,        &LogCounts::overflowed, &LogCounts::unpaired,
                                &LogCounts::coarse};
constexpr std::array kUsage = {&Usage::cpu_ns,     &Usage::on_cpu_ns,     &Usage::runnable_ns,
                               &Usage::blocked_ns, &Usage::io_read_bytes, &Usage::io_written_bytes};

/// "1000000:5 2500000:7 +Inf:2": what is in each bucket that is not empty.
std::string text_of(const std::vector<uint64_t>& buckets, const std::vector<int64_t>& bounds) {
  std::string text;
  for (size_t i = 0; i < buckets.size(); ++i) {
    if (buckets[i] == 0) continue;
    if (!text.empty()) text += ' ';
    text.append(i < bounds.size() ? std::to_string(bounds[i]) : "+Inf").append(":") += std::to_string(buckets[i]);
  }
  return text;
}

std::vector<uint64_t> buckets_in(std::string_view text, const std::vector<int64_t>& bounds) {
  std::vector<uint64_t> buckets(bounds.size() + 1);
  while (!text.empty()) {
    std::string_view count = base::cut(text, ' ');
    const auto bound = base::parse_integer<int64_t>(base::cut(count, ':'));
    const auto place = bound ? std::lower_bound(bounds.begin(), bounds.end(), *bound) : bounds.end();
    buckets[static_cast<size_t>(place - bounds.begin())] += base::parse_integer(count).value_or(0);
  }
  return buckets;
}

void bind(Statement& statement, const Usage& used) {
  for (const auto field : kUsage) statement.bind(used.*field);
}

Usage usage_in(const Statement& row, int column) {
  Usage used;
  for (const auto field : kUsage) used.*field = row.counter(column++);
  return used;
}

StoredLog log_in(const Statement& row) {
  StoredLog it{.position = {.log = row.text(0), .place = row.text(1)},
               .cgroup_id = row.counter(2),
               .counts = {},
               .written_at = row.integer(3)};
  int column = 4;
  for (const auto field : kCounts) it.counts.*field = row.counter(column++);
  return it;
}

StoredTasks tasks_in(const Statement& row, const std::vector<int64_t>& bounds) {
  StoredTasks it{.owner = static_cast<StoredTasks::Owner>(row.integer(0)), .number = row.counter(1), .figures = {}};
  it.figures.key = {.task = row.text(2), .outcome = row.text(3)};
  TaskTotals& totals = it.figures.totals;
  totals.tasks = row.counter(4);
  totals.timed = row.counter(5);
  totals.duration_ns = row.counter(6);
  totals.buckets = buckets_in(row.text(7), bounds);
  totals.cost = {
      .tasks = row.counter(8), .apportioned = row.counter(9), .task_ns = row.counter(10), .used = usage_in(row, 11)};
  totals.durations = pairs_in<uint32_t>(row.text(17));
  read_value(row, 18, totals.first_start);
  read_value(row, 19, totals.last_end);
  return it;
}

/// All but its key.
void bind(Statement& statement, const model::OpenPair& pair) {
  statement.bind(int64_t{pair.is_end});
  bind_value(statement, pair.at);
  bind_value(statement, pair.duration);
  statement.bind(pair.kind).bind(pair.outcome);
  bind_value(statement, pair.process);
  bind_value(statement, pair.thread);
}

model::OpenPair pair_in(const Statement& row) {
  model::OpenPair pair;
  pair.rule = row.text(1);
  pair.id = row.text(2);
  pair.is_end = row.integer(3) != 0;
  read_value(row, 4, pair.at);
  read_value(row, 5, pair.duration);
  pair.kind = row.text(6);
  pair.outcome = row.text(7);
  read_value(row, 8, pair.process);
  read_value(row, 9, pair.thread);
  return pair;
}

/// Calls `each` for every row of a SELECT.
template <class Each>
Result<Done> read(Database& database, const char* sql, Each each) {
  Result<Statement> rows = database.prepare(sql);
  if (!rows.ok()) return rows.error();
  for (;;) {
    const Result<bool> row = rows->step();
    if (!row.ok()) return row.error();
    if (!*row) return Done{};
    each(*rows);
  }
}

Result<Done> put(Statement& statement, const StoredLog& it, int64_t wall) {
  statement.begin().bind(it.position.log).bind(it.position.place).bind(it.cgroup_id).bind(wall);
  for (const auto field : kCounts) statement.bind(it.counts.*field);
  return statement.run();
}

Result<Done> put(Statement& statement, const StoredTasks& it, const std::vector<int64_t>& bounds) {
  const TaskTotals& totals = it.figures.totals;
  const std::string buckets = text_of(totals.buckets, bounds);
  statement.begin().bind(static_cast<int64_t>(it.owner)).bind(it.number);
  statement.bind(it.figures.key.task).bind(it.figures.key.outcome);
  statement.bind(totals.tasks).bind(totals.timed).bind(totals.duration_ns).bind(buckets);
  statement.bind(totals.cost.tasks).bind(totals.cost.apportioned).bind(totals.cost.task_ns);
  bind(statement, totals.cost.used);
  const std::string durations = pairs_text(totals.durations);
  statement.bind(durations);
  bind_value(statement, totals.first_start);
  bind_value(statement, totals.last_end);
  return statement.run();
}

Result<Done> put(Statement& statement, const StoredResidual& it) {
  statement.begin().bind(it.cgroup_id);
  bind(statement, it.used);
  return statement.run();
}

}  // namespace

bool TaskRows::empty() const {
  return logs.empty() && tasks.empty() && residuals.empty() && pairs.empty() && logs_gone.empty() &&
         containers_gone.empty() && workloads_gone.empty();
}

Result<Done> TaskTables::prepare(Database& database) {
  const std::array<std::pair<Statement*, const char*>, 9> statements = {{
      {&put_log_,
       "INSERT OR REPLACE INTO log VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, "
       "?17)"},
      {&put_tasks_,
       "INSERT OR REPLACE INTO task VALUES "
       "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)"},
      {&put_residual_, "INSERT OR REPLACE INTO residual VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
      {&put_pair_, "INSERT OR REPLACE INTO open_pair VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"},
      {&drop_pair_, "DELETE FROM open_pair WHERE log = ?1 AND rule = ?2 AND id = ?3"},
      {&drop_log_, "DELETE FROM log WHERE log = ?1"},
      {&drop_pairs_, "DELETE FROM open_pair WHERE log = ?1"},
      {&drop_tasks_, "DELETE FROM task WHERE owner = ?1 AND number = ?2"},
      {&drop_residual_, "DELETE FROM residual WHERE cgroup_id = ?1"},
  }};
  for (const auto& [statement, sql] : statements) {
    Result<Statement> prepared = database.prepare(sql);
    if (!prepared.ok()) return prepared.error();
    *statement = *std::move(prepared);
  }
  return Done{};
}

Result<TaskContents> TaskTables::load(Database& database, const std::vector<int64_t>& bounds, bool same_boot,
                                      int64_t wall) {
  // The host is the same after a reboot, and so are its totals.
  const char* const forget = same_boot ? "DELETE FROM task WHERE owner = 0 AND number != 0 AND number NOT IN "
                                         "(SELECT cgroup_id FROM mark);"
                                         "DELETE FROM residual WHERE cgroup_id NOT IN (SELECT cgroup_id FROM mark)"
                                       : "DELETE FROM task WHERE owner = 0 AND number != 0; DELETE FROM residual";
  if (auto done = database.execute(forget); !done.ok()) return done.error();
  Result<Statement> prune = database.prepare("DELETE FROM log WHERE written_at < ?1");
  if (!prune.ok()) return prune.error();
  if (auto done = prune->begin().bind(wall - kKeepLog).run(); !done.ok()) return done.error();
  if (auto done = database.execute("DELETE FROM open_pair WHERE log NOT IN (SELECT log FROM log)"); !done.ok())
    return done.error();

  TaskContents contents;
  auto done = read(database, "SELECT * FROM log", [&](const Statement& row) { contents.logs.push_back(log_in(row)); });
  if (done.ok())
    done = read(database, "SELECT * FROM task",
                [&](const Statement& row) { contents.tasks.push_back(tasks_in(row, bounds)); });
  if (done.ok())
    done = read(database, "SELECT * FROM residual", [&](const Statement& row) {
      contents.residuals.push_back({.cgroup_id = row.counter(0), .used = usage_in(row, 1)});
    });
  if (done.ok())
    done = read(database, "SELECT * FROM open_pair", [&](const Statement& row) {
      contents.open_pairs.push_back({.log = row.text(0), .pair = pair_in(row)});
    });
  if (!done.ok()) return done.error();
  return contents;
}

Result<Done> TaskTables::write(const TaskRows& rows, const std::vector<int64_t>& bounds, int64_t wall) {
  const auto drop_owner = [&](StoredTasks::Owner owner, uint64_t number) {
    return drop_tasks_.begin().bind(static_cast<int64_t>(owner)).bind(number).run();
  };
  for (const int64_t number : rows.workloads_gone) {
    if (auto done = drop_owner(StoredTasks::Owner::Workload, static_cast<uint64_t>(number)); !done.ok()) return done;
  }
  for (const StoredLog* it : rows.logs)
    if (auto done = put(put_log_, *it, wall); !done.ok()) return done;
  for (const StoredTasks* it : rows.tasks)
    if (auto done = put(put_tasks_, *it, bounds); !done.ok()) return done;
  for (const StoredResidual* it : rows.residuals)
    if (auto done = put(put_residual_, *it); !done.ok()) return done;
  for (const PairChange* it : rows.pairs) {
    Statement& statement = it->closed ? drop_pair_ : put_pair_;
    statement.begin().bind(it->log).bind(it->pair.rule).bind(it->pair.id);
    if (!it->closed) bind(statement, it->pair);
    if (auto done = statement.run(); !done.ok()) return done;
  }
  for (const std::string& log : rows.logs_gone) {
    if (auto done = drop_log_.begin().bind(log).run(); !done.ok()) return done;
    if (auto done = drop_pairs_.begin().bind(log).run(); !done.ok()) return done;
  }
  for (const uint64_t cgroup_id : rows.containers_gone) {
    if (auto done = drop_owner(StoredTasks::Owner::Container, cgroup_id); !done.ok()) return done;
    if (auto done = drop_residual_.begin().bind(cgroup_id).run(); !done.ok()) return done;
  }
  return Done{};
}

}  // namespace benchd::ledger
