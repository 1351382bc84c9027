#include "daemon/ledger/run_tables.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "daemon/ledger/columns.h"
#include "daemon/ledger/schema.h"
#include "model/run_fields.h"

namespace benchd::ledger {
namespace {

using base::Done;
using base::Error;
using base::Result;
using model::Campaign;
using model::RunRecord;
using model::RunTasks;
using model::ThreadTimes;

constexpr int64_t kFirstWithRuns = 4;

/// What stands for columns in a ledger of a version before they were there, which who only reads cannot change.
struct LaterColumn {
  const char* name;
  int64_t since;
  const char* before;
};
constexpr std::array kLaterColumns = {LaterColumn{"course", 7, "''"}, LaterColumn{"cpu_frequency_hz", 7, "NULL"},
                                      LaterColumn{"services", 8, "''"}};

constexpr std::array kThreadColumns = {
    "threads_on_cpu_ns",  "threads_runnable_ns",  "threads_blocked_ns", "threads_blocked_on_disk_ns",
    "voluntary_switches", "involuntary_switches", "migrations",         "threads_alive"};
constexpr const char* kCampaignColumns =
    "id, experiment, definition, hash, host, seed, planned_blocks, started_at_ns, finished_at_ns, looks";

/// "a\nb": none of the words has a line break, see clean().
std::string lines_of(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word + '\n';
  return text;
}

std::vector<std::string> lines_in(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) words.emplace_back(base::cut(text, '\n'));
  return words;
}

/// The names of the columns, in the order in which the two below fill and read them.
struct Names {
  std::vector<std::string> names;
  template <class T>
  void operator()(const char* name, const T&) {
    names.emplace_back(name);
  }
  void operator()(const char*, const std::optional<ThreadTimes>&) {
    names.insert(names.end(), kThreadColumns.begin(), kThreadColumns.end());
  }
  void operator()(const char*, const std::vector<RunTasks>&) {}  // a table of their own
};

class Bind {
 public:
  explicit Bind(Statement& statement) : statement_(statement) {}

  template <class T>
  void operator()(const char*, const T& value) {
    bind_value(statement_, value);
  }
  void operator()(const char*, const std::vector<std::string>& words) { keep(lines_of(words)); }
  void operator()(const char*, const std::vector<std::pair<uint32_t, uint64_t>>& pairs) { keep(pairs_text(pairs)); }
  void operator()(const char*, const std::vector<model::RunPoint>& course) { keep(course_text(course)); }
  void operator()(const char*, const std::vector<model::ServiceUse>& services) { keep(services_text(services)); }
  void operator()(const char*, const std::optional<ThreadTimes>& threads) {
    if (!threads) {
      for (size_t i = 0; i < kThreadColumns.size(); ++i) statement_.bind_null();
      return;
    }
    statement_.bind(threads->on_cpu).bind(threads->runnable).bind(threads->blocked);
    bind_value(statement_, threads->blocked_on_disk);
    statement_.bind(threads->voluntary_switches).bind(threads->involuntary_switches);
    statement_.bind(threads->migrations).bind(threads->alive);
  }
  void operator()(const char*, const std::vector<RunTasks>&) {}

 private:
  void keep(std::string text) {
    texts_.at(used_) = std::move(text);
    statement_.bind(std::string_view(texts_.at(used_++)));
  }

  Statement& statement_;
  std::array<std::string, 4> texts_;  ///< live until the statement has run
  size_t used_ = 0;
};

class Read {
 public:
  explicit Read(const Statement& row) : row_(row) {}

  template <class T>
  void operator()(const char*, T& value) {
    read_value(row_, column_++, value);
  }
  void operator()(const char*, std::vector<std::string>& words) { words = lines_in(row_.text(column_++)); }
  void operator()(const char*, std::vector<std::pair<uint32_t, uint64_t>>& pairs) {
    pairs = pairs_in<uint32_t>(row_.text(column_++));
  }
  void operator()(const char*, std::vector<model::RunPoint>& course) { course = course_in(row_.text(column_++)); }
  void operator()(const char*, std::vector<model::ServiceUse>& services) {
    services = services_in(row_.text(column_++));
  }
  void operator()(const char*, std::optional<ThreadTimes>& threads) {
    const int first = std::exchange(column_, column_ + static_cast<int>(kThreadColumns.size()));
    threads.reset();
    if (row_.is_null(first)) return;
    threads = {.on_cpu = row_.counter(first),
               .runnable = row_.counter(first + 1),
               .blocked = row_.counter(first + 2),
               .blocked_on_disk = {},
               .voluntary_switches = row_.counter(first + 4),
               .involuntary_switches = row_.counter(first + 5),
               .migrations = row_.counter(first + 6),
               .alive = row_.counter(first + 7)};
    read_value(row_, first + 3, threads->blocked_on_disk);
  }
  void operator()(const char*, std::vector<RunTasks>&) {}

 private:
  const Statement& row_;
  int column_ = 1;  ///< behind the number
};

const std::vector<std::string>& run_columns() {
  static const std::vector<std::string> names = [] {
    Names visitor;
    const RunRecord any;
    model::for_each_field(visitor, any);
    return visitor.names;
  }();
  return names;
}

/// Their values in a ledger of this version.
std::vector<std::string> run_columns_at(int64_t version) {
  std::vector<std::string> columns = run_columns();
  for (std::string& column : columns)
    for (const LaterColumn& it : kLaterColumns)
      if (version < it.since && column == it.name) column = it.before;
  return columns;
}

std::string joined(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

std::string question_marks(size_t count) {
  std::string marks = "?";
  for (size_t i = 1; i < count; ++i) marks += ", ?";
  return marks;
}

/// " WHERE …" of a filter, over any table that has its columns.
struct Condition {
  std::string sql;
  std::vector<const std::string*> texts;
  std::optional<int64_t> before;

  explicit Condition(const RunFilter& filter) : before(filter.started_before) {
    const auto equals = [this](const char* column, const std::optional<std::string>& value) {
      if (!value) return;
      add(std::string(column) + " = ?");
      texts.push_back(&*value);
    };
    equals("id", filter.id);
    equals("campaign", filter.campaign);
    equals("experiment", filter.experiment);
    equals("variant", filter.variant);
    if (before) add("started_at_ns < ?");
  }
  void add(const std::string& term) { sql += (sql.empty() ? " WHERE " : " AND ") + term; }
  void bind(Statement& statement) const {
    statement.begin();
    for (const std::string* text : texts) statement.bind(std::string_view(*text));
    if (before) statement.bind(*before);
  }
};

Campaign campaign_in(const Statement& row) {
  Campaign it{.id = row.text(0),
              .experiment = row.text(1),
              .definition = row.text(2),
              .hash = row.text(3),
              .host = row.text(4),
              .seed = row.counter(5),
              .planned_blocks = row.counter(6),
              .started_at = row.integer(7),
              .finished_at = {},
              .looks = row.counter(9)};
  read_value(row, 8, it.finished_at);
  return it;
}

Result<std::vector<RunTasks>> tasks_of(Statement& rows, int64_t number) {
  std::vector<RunTasks> tasks;
  rows.begin().bind(number);
  Result<bool> row = rows.step();
  for (; row.ok() && *row; row = rows.step()) {
    tasks.push_back({.key = {.task = rows.text(0), .outcome = rows.text(1)},
                     .tasks = rows.counter(2),
                     .timed = rows.counter(3),
                     .duration_ns = rows.counter(4),
                     .durations = pairs_in<uint32_t>(rows.text(5))});
  }
  if (!row.ok()) return row.error();
  return tasks;
}

/// The name of the first member in which they differ; empty where they are the same.
std::string difference(const RunRecord& a, const RunRecord& b) {
  std::string differs;
  const auto compare = [&differs](const char* name, const auto& mine, const auto& theirs) {
    if (differs.empty() && !(mine == theirs)) differs = name;
  };
  model::for_each_field(compare, a, b);
  return differs;
}

/// The order of tasks in a record means nothing; the table's is by key.
RunRecord in_order(RunRecord run) {
  std::sort(run.tasks.begin(), run.tasks.end(), [](const RunTasks& a, const RunTasks& b) { return a.key < b.key; });
  return run;
}

}  // namespace

Result<bool> RunReader::has_tables() const {
  const Result<int64_t> version = usable_version(*database_);
  if (!version.ok()) return version.error();
  return *version >= kFirstWithRuns;
}

Result<std::vector<Campaign>> RunReader::campaigns(const std::optional<std::string>& experiment) const {
  std::vector<Campaign> campaigns;
  const Result<bool> there = has_tables();
  if (!there.ok()) return there.error();
  if (!*there) return campaigns;
  const std::string sql = std::string("SELECT ") + kCampaignColumns + " FROM campaign" +
                          (experiment ? " WHERE experiment = ?" : "") + " ORDER BY started_at_ns, id";
  Result<Statement> rows = database_->prepare(sql.c_str());
  if (!rows.ok()) return rows.error();
  rows->begin();
  if (experiment) rows->bind(std::string_view(*experiment));
  Result<bool> row = rows->step();
  for (; row.ok() && *row; row = rows->step()) campaigns.push_back(campaign_in(*rows));
  if (!row.ok()) return row.error();
  return campaigns;
}

Result<std::optional<Campaign>> RunReader::campaign(const std::string& id) const {
  const Result<bool> there = has_tables();
  if (!there.ok()) return there.error();
  if (!*there) return std::optional<Campaign>();
  const std::string sql = std::string("SELECT ") + kCampaignColumns + " FROM campaign WHERE id = ?";
  Result<Statement> rows = database_->prepare(sql.c_str());
  if (!rows.ok()) return rows.error();
  const Result<bool> row = rows->begin().bind(std::string_view(id)).step();
  if (!row.ok()) return row.error();
  return *row ? std::optional(campaign_in(*rows)) : std::nullopt;
}

Result<std::optional<Campaign>> RunReader::latest_campaign(const std::string& experiment) const {
  Result<std::vector<Campaign>> all = campaigns(experiment);
  if (!all.ok()) return all.error();
  return all->empty() ? std::nullopt : std::optional(std::move(all->back()));
}

Result<Done> RunReader::each_run(const RunFilter& filter, const std::function<Result<Done>(RunRecord)>& each) const {
  const Result<int64_t> version = usable_version(*database_);
  if (!version.ok()) return version.error();
  if (*version < kFirstWithRuns) return Done{};
  const Condition condition(filter);
  const std::string sql = "SELECT number, " + joined(run_columns_at(*version)) + " FROM run" + condition.sql +
                          " ORDER BY started_at_ns, number";
  Result<Statement> rows = database_->prepare(sql.c_str());
  if (!rows.ok()) return rows.error();
  Result<Statement> tasks = database_->prepare(
      "SELECT task, outcome, tasks, timed, duration_ns, durations FROM run_task WHERE run = ? ORDER BY task, outcome");
  if (!tasks.ok()) return tasks.error();
  condition.bind(*rows);
  Result<bool> row = rows->step();
  for (; row.ok() && *row; row = rows->step()) {
    RunRecord run;
    model::for_each_field(Read(*rows), run);
    Result<std::vector<RunTasks>> its = tasks_of(*tasks, rows->integer(0));
    if (!its.ok()) return its.error();
    run.tasks = *std::move(its);
    if (Result<Done> done = each(std::move(run)); !done.ok()) return done;
  }
  if (!row.ok()) return row.error();
  return Done{};
}

Result<std::vector<RunRecord>> RunReader::runs(const RunFilter& filter) const {
  std::vector<RunRecord> runs;
  const Result<Done> done = each_run(filter, [&runs](RunRecord run) -> Result<Done> {
    runs.push_back(std::move(run));
    return Done{};
  });
  if (!done.ok()) return done.error();
  return runs;
}

Result<uint64_t> RunReader::count_runs(const RunFilter& filter) const {
  const Result<bool> there = has_tables();
  if (!there.ok()) return there.error();
  if (!*there) return uint64_t{0};
  const Condition condition(filter);
  Result<Statement> rows = database_->prepare(("SELECT count(*) FROM run" + condition.sql).c_str());
  if (!rows.ok()) return rows.error();
  condition.bind(*rows);
  const Result<bool> row = rows->step();
  if (!row.ok()) return row.error();
  return rows->counter(0);
}

Result<RunTables> RunTables::prepare(Database& database) {
  RunTables tables(database);
  const std::string put_run = "INSERT INTO run (" + joined(run_columns()) + ") VALUES (" +
                              question_marks(run_columns().size()) + ") ON CONFLICT (id) DO NOTHING";
  const std::string put_campaign = std::string("INSERT INTO campaign (") + kCampaignColumns +
                                   ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING";
  const std::array<std::pair<Statement*, const char*>, 5> statements = {{
      {&tables.put_run_, put_run.c_str()},
      {&tables.put_task_, "INSERT INTO run_task VALUES (?, ?, ?, ?, ?, ?, ?)"},
      {&tables.put_campaign_, put_campaign.c_str()},
      {&tables.put_open_, "INSERT OR REPLACE INTO open_run VALUES (?, ?, ?, ?)"},
      {&tables.drop_open_, "DELETE FROM open_run WHERE id = ?"},
  }};
  for (const auto& [statement, sql] : statements) {
    Result<Statement> prepared = database.prepare(sql);
    if (!prepared.ok()) return prepared.error();
    *statement = *std::move(prepared);
  }
  return tables;
}

Result<bool> RunTables::put(const Campaign& campaign) {
  put_campaign_.begin().bind(campaign.id).bind(campaign.experiment).bind(campaign.definition).bind(campaign.hash);
  put_campaign_.bind(campaign.host).bind(campaign.seed).bind(campaign.planned_blocks).bind(campaign.started_at);
  bind_value(put_campaign_, campaign.finished_at);
  put_campaign_.bind(campaign.looks);
  if (const auto done = put_campaign_.run(); !done.ok()) return done.error();
  if (database_->changes() == 1) return true;
  const auto there = RunReader(*database_).campaign(campaign.id);
  if (!there.ok()) return there.error();
  if (*there == campaign) return false;
  return Error{.code = EEXIST, .attempt = "campaign " + campaign.id + " is there already, and not the same"};
}

Result<bool> RunTables::put(const RunRecord& run) {
  put_run_.begin();
  Bind bind(put_run_);
  model::for_each_field(bind, run);
  if (const auto done = put_run_.run(); !done.ok()) return done.error();
  if (database_->changes() == 0) {
    const auto there = RunReader(*database_)
                           .runs({.id = run.id, .campaign = {}, .experiment = {}, .variant = {}, .started_before = {}});
    if (!there.ok()) return there.error();
    const std::string differs = difference(there->at(0), in_order(run));
    if (differs.empty()) return false;
    return Error{.code = EEXIST, .attempt = "run " + run.id + " is there already, with another " + differs};
  }
  const int64_t number = database_->last_number();
  for (const RunTasks& it : run.tasks) {
    const std::string durations = pairs_text(it.durations);
    put_task_.begin().bind(number).bind(it.key.task).bind(it.key.outcome);
    put_task_.bind(it.tasks).bind(it.timed).bind(it.duration_ns).bind(durations);
    if (const auto done = put_task_.run(); !done.ok()) return done.error();
  }
  return true;
}

Result<uint64_t> RunTables::record_look(const std::string& id) {
  Result<Statement> count =
      database_->prepare("UPDATE campaign SET looks = looks + 1 WHERE id = ? AND finished_at_ns IS NULL");
  if (!count.ok()) return count.error();
  if (const auto done = count->begin().bind(std::string_view(id)).run(); !done.ok()) return done.error();
  const bool counted = database_->changes() == 1;
  const auto campaign = RunReader(*database_).campaign(id);
  if (!campaign.ok()) return campaign.error();
  if (!*campaign) return Error{.code = ENOENT, .attempt = "campaign " + id};
  if (!counted) return Error{.attempt = "campaign " + id + " is finished: its last look is counted"};
  return (*campaign)->looks;
}

Result<Done> RunTables::finish(const std::string& id, int64_t at) {
  Result<Statement> finish = database_->prepare(
      "UPDATE campaign SET finished_at_ns = ?, looks = looks + 1 WHERE id = ? AND finished_at_ns IS NULL");
  if (!finish.ok()) return finish.error();
  if (auto done = finish->begin().bind(at).bind(std::string_view(id)).run(); !done.ok()) return done;
  if (database_->changes() == 1) return Done{};
  const auto campaign = RunReader(*database_).campaign(id);
  if (!campaign.ok()) return campaign.error();
  if (!*campaign) return Error{.code = ENOENT, .attempt = "campaign " + id};
  return Done{};
}

Result<uint64_t> RunTables::remove(const RunFilter& filter) {
  const Condition condition(filter);
  const auto run = [&](const std::string& sql, const Condition& its) -> Result<uint64_t> {
    Result<Statement> statement = database_->prepare(sql.c_str());
    if (!statement.ok()) return statement.error();
    its.bind(*statement);
    if (const auto done = statement->run(); !done.ok()) return done.error();
    return database_->changes();
  };
  if (auto gone = run("DELETE FROM run_task WHERE run IN (SELECT number FROM run" + condition.sql + ")", condition);
      !gone.ok())
    return gone;
  Result<uint64_t> removed = run("DELETE FROM run" + condition.sql, condition);
  if (!removed.ok()) return removed;
  if (filter.id || filter.variant) return removed;  // parts of a campaign: the campaign stays what it was
  RunFilter campaigns = filter;
  campaigns.id = std::exchange(campaigns.campaign, std::nullopt);
  Condition empty(campaigns);
  empty.add("NOT EXISTS (SELECT 1 FROM run WHERE run.campaign = campaign.id)");
  if (auto gone = run("DELETE FROM campaign" + empty.sql, empty); !gone.ok()) return gone;
  return removed;
}

Result<Done> RunTables::put(const OpenRun& run) {
  return put_open_.begin().bind(run.id).bind(run.cgroup_id).bind(run.base).bind(run.ended).run();
}

Result<Done> RunTables::drop_open(const std::string& id) {
  return drop_open_.begin().bind(id).run();
}

Result<std::vector<OpenRun>> RunTables::open_runs() {
  std::vector<OpenRun> open;
  Result<Statement> rows = database_->prepare("SELECT id, cgroup_id, base, ended FROM open_run ORDER BY id");
  if (!rows.ok()) return rows.error();
  Result<bool> row = rows->step();
  for (; row.ok() && *row; row = rows->step())
    open.push_back({.id = rows->text(0), .cgroup_id = rows->counter(1), .base = rows->text(2), .ended = rows->text(3)});
  if (!row.ok()) return row.error();
  return open;
}

Result<LedgerView> LedgerView::open(const std::string& path) {
  const auto about = [&path](Error error) {
    error.attempt.insert(0, path + ": ");
    return error;
  };
  if (::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) != 0) return base::errno_error("read " + path);
  Result<Database> database = Database::open_read_only(path);
  if (!database.ok()) return about(database.error());
  if (const auto version = usable_version(*database); !version.ok()) return about(version.error());
  return LedgerView(*std::move(database));
}

}  // namespace benchd::ledger
