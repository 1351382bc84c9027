#include "collectors/results/records.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <istream>
#include <limits>
#include <map>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "collectors/results/csv_rows.h"
#include "model/run_fields.h"

namespace benchd::results {
namespace {

using base::Done;
using base::Error;
using base::Result;
using model::Campaign;
using model::RunRecord;
using model::RunTasks;
using nlohmann::json;

/// A run of a million kinds of tasks would not fill it; a file that is none of ours does.
constexpr size_t kLongestRecord = size_t{16} << 20;
constexpr const char* kText = "expected a text";
constexpr const char* kWhole = "expected a whole number that is not negative";
constexpr const char* kInteger = "expected a whole number";
constexpr const char* kPairs = "expected [[number, number], …], ascending";
constexpr const char* kPoints = "expected a list of [microseconds, cpu microseconds, memory bytes or null], ascending";

constexpr const char* kServices =
    "expected a list of [service, cpu microseconds or null, memory bytes or null]; a service is a word without a colon";

/// What is wrong with a value; null: nothing, and it was taken.
using Objection = const char*;

Objection take(const json& from, std::string& value) {
  if (!from.is_string()) return kText;
  value = from.get<std::string>();
  return nullptr;
}
Objection take(const json& from, bool& value) {
  if (!from.is_boolean()) return "expected true or false";
  value = from.get<bool>();
  return nullptr;
}
Objection take(const json& from, double& value) {
  if (!from.is_number() || !std::isfinite(from.get<double>()) || from.get<double>() < 0)
    return "expected a number that is not negative";
  value = from.get<double>();
  return nullptr;
}
template <class Number>
requires std::is_unsigned_v<Number> Objection take(const json& from, Number& value) {
  if (!from.is_number_unsigned() || from.get<uint64_t>() > std::numeric_limits<Number>::max()) return kWhole;
  value = from.get<Number>();
  return nullptr;
}
template <class Number>
requires std::is_signed_v<Number> Objection take(const json& from, Number& value) {
  const bool too_large = from.is_number_unsigned() && from.get<uint64_t>() > std::numeric_limits<Number>::max();
  if (!from.is_number_integer() || too_large || from.get<int64_t>() < std::numeric_limits<Number>::min() ||
      from.get<int64_t>() > std::numeric_limits<Number>::max())
    return kInteger;
  value = from.get<Number>();
  return nullptr;
}
template <class T>
Objection take(const json& from, std::optional<T>& value) {
  value.reset();
  return from.is_null() ? nullptr : take(from, value.emplace());
}
Objection take(const json& from, std::vector<std::string>& words) {
  if (!from.is_array()) return "expected a list of texts";
  for (const json& it : from) {
    if (take(it, words.emplace_back()) != nullptr) return "expected a list of texts";
    if (words.back().empty() || words.back().find('\n') != std::string::npos) return "expected texts of one line each";
  }
  return nullptr;
}
Objection take(const json& from, std::vector<std::pair<uint32_t, uint64_t>>& pairs) {
  if (!from.is_array()) return kPairs;
  for (const json& it : from) {
    const bool is_pair = it.is_array() && it.size() == 2;
    std::pair<uint32_t, uint64_t> pair;
    if (!is_pair || take(it[0], pair.first) != nullptr || take(it[1], pair.second) != nullptr) return kPairs;
    if (!pairs.empty() && pairs.back().first >= pair.first) return kPairs;
    pairs.push_back(pair);
  }
  return nullptr;
}

Objection take(const json& from, std::vector<model::RunPoint>& course) {
  if (!from.is_array()) return kPoints;
  for (const json& it : from) {
    model::RunPoint point;
    if (!it.is_array() || it.size() != 3 || take(it[0], point.at_usec) != nullptr ||
        take(it[1], point.cpu_usec) != nullptr || take(it[2], point.memory_bytes) != nullptr)
      return kPoints;
    if (!course.empty() && course.back().at_usec >= point.at_usec) return kPoints;
    course.push_back(point);
  }
  return nullptr;
}

Objection take(const json& from, std::vector<model::ServiceUse>& services) {
  if (!from.is_array()) return kServices;
  for (const json& it : from) {
    model::ServiceUse& use = services.emplace_back();
    if (!it.is_array() || it.size() != 3 || take(it[0], use.service) != nullptr ||
        take(it[1], use.cpu_usec) != nullptr || take(it[2], use.memory_peak_bytes) != nullptr)
      return kServices;
    if (use.service.empty() || use.service.find_first_of(" :\n") != std::string::npos) return kServices;
  }
  return nullptr;
}

/// The members of an object by name: each is asked for once, and what nobody asked for is too much.
class Members {
 public:
  explicit Members(const json& object) : object_(object) {}

  template <class T>
  void operator()(const char* name, T& value) {
    if (!objection_.empty()) return;
    const auto found = object_.find(name);
    if (found == object_.end()) return;
    ++taken_;
    if (const Objection wrong = take(*found, value))
      objection_ = std::string(name) + ": found " + found->dump().substr(0, 60) + ", " + wrong;
  }
  template <class T>
  void required(const char* name, T& value) {
    if (objection_.empty() && !object_.contains(name)) objection_ = std::string(name) + " is missing";
    (*this)(name, value);
  }
  void operator()(const char* name, std::optional<model::ThreadTimes>& threads);
  void operator()(const char* name, std::vector<RunTasks>& tasks);

  /// Empty where all is well. `known` says what names there are.
  template <class Known>
  std::string objection(Known known) const {
    if (!objection_.empty() || taken_ == object_.size()) return objection_;
    for (const auto& [name, value] : object_.items()) {
      if (!known(name)) return "unknown member \"" + name + "\"";
    }
    return "";
  }

 private:
  const json& object_;
  size_t taken_ = 0;
  std::string objection_;
};

std::string take_threads(const json& from, model::ThreadTimes& threads) {
  if (!from.is_object()) return "expected an object";
  Members members(from);
  members.required("on_cpu_ns", threads.on_cpu);
  members.required("runnable_ns", threads.runnable);
  members.required("blocked_ns", threads.blocked);
  members("blocked_on_disk_ns", threads.blocked_on_disk);
  members("voluntary_switches", threads.voluntary_switches);
  members("involuntary_switches", threads.involuntary_switches);
  members("migrations", threads.migrations);
  members("alive", threads.alive);
  return members.objection([](const std::string&) { return false; });
}

std::string take_tasks(const json& from, RunTasks& tasks) {
  if (!from.is_object()) return "expected an object";
  Members members(from);
  members.required("task", tasks.key.task);
  members.required("outcome", tasks.key.outcome);
  members.required("tasks", tasks.tasks);
  members("timed", tasks.timed);
  members("duration_ns", tasks.duration_ns);
  members("durations", tasks.durations);
  if (!tasks.durations.empty() && tasks.durations.back().first > model::kLastDurationBucket)
    return "durations: there is no bucket " + std::to_string(tasks.durations.back().first);
  return members.objection([](const std::string&) { return false; });
}

void Members::operator()(const char* name, std::optional<model::ThreadTimes>& threads) {
  const auto found = object_.find(name);
  if (!objection_.empty() || found == object_.end()) return;
  ++taken_;
  if (found->is_null()) return;
  const std::string wrong = take_threads(*found, threads.emplace());
  if (!wrong.empty()) objection_ = std::string(name) + ": " + wrong;
}

void Members::operator()(const char* name, std::vector<RunTasks>& tasks) {
  const auto found = object_.find(name);
  if (!objection_.empty() || found == object_.end()) return;
  ++taken_;
  if (!found->is_array()) {
    objection_ = std::string(name) + ": expected a list";
    return;
  }
  for (const json& it : *found) {
    const std::string wrong = take_tasks(it, tasks.emplace_back());
    if (!wrong.empty()) {
      objection_ = std::string(name) + ": " + wrong;
      return;
    }
  }
  const auto by_key = [](const RunTasks& a, const RunTasks& b) { return a.key < b.key; };
  std::sort(tasks.begin(), tasks.end(), by_key);
  const auto twice = std::adjacent_find(tasks.begin(), tasks.end(),
                                        [](const RunTasks& a, const RunTasks& b) { return a.key == b.key; });
  if (twice != tasks.end())
    objection_ =
        std::string(name) + ": \"" + twice->key.task + "\" with outcome \"" + twice->key.outcome + "\" is there twice";
}

bool is_field(const std::string& name) {
  bool found = false;
  const RunRecord any;
  model::for_each_field([&](const char* its, const auto&) { found = found || name == its; }, any);
  return found;
}

/// What no field by itself can be wrong about.
std::string objection_to(const RunRecord& run) {
  if (run.id.empty()) return "id is missing";
  if (run.experiment.empty()) return "experiment is missing";
  if (run.variant.empty()) return "variant is missing";
  if (run.duration_ns < 0) return "duration_ns: found " + std::to_string(run.duration_ns) + ", " + kWhole;
  if (run.task_span_ns.value_or(0) < 0)
    return "task_span_ns: found " + std::to_string(*run.task_span_ns) + ", " + kWhole;
  return "";
}

Result<RunRecord> run_in(const json& object) {
  RunRecord run;
  if (!object.is_object()) return Error{.attempt = "run: expected an object"};
  Members members(object);
  model::for_each_field(members, run);
  std::string wrong = members.objection(is_field);
  if (!wrong.empty()) return Error{.attempt = std::move(wrong)};
  return run;
}

Result<Campaign> campaign_in(const json& object) {
  Campaign campaign;
  if (!object.is_object()) return Error{.attempt = "campaign: expected an object"};
  Members members(object);
  members.required("id", campaign.id);
  members.required("experiment", campaign.experiment);
  members.required("definition", campaign.definition);
  members("hash", campaign.hash);
  members("host", campaign.host);
  members("seed", campaign.seed);
  members("planned_blocks", campaign.planned_blocks);
  members("started_at_ns", campaign.started_at);
  members("finished_at_ns", campaign.finished_at);
  members("looks", campaign.looks);
  std::string wrong = members.objection([](const std::string&) { return false; });
  if (wrong.empty() && (campaign.id.empty() || campaign.experiment.empty())) wrong = "id or experiment is empty";
  if (wrong.empty() && !json::accept(campaign.definition)) wrong = "definition: expected a text that is JSON";
  if (!wrong.empty()) return Error{.attempt = std::move(wrong)};
  return campaign;
}

/// Lines of a stream, one after the other; a CSV row's line breaks within quotes belong to it.
class Lines {
 public:
  explicit Lines(std::istream& in) : in_(in) {}

  enum class Got : uint8_t { Line, End, TooLong };
  Got next(bool quotes) {
    first_ = last_ + 1;
    text_.clear();
    bool within = false;
    for (char c = 0; in_.get(c);) {
      if (c == '\n') ++last_;
      if (c == '\n' && !within) {
        if (text_.ends_with('\r')) text_.pop_back();
        return Got::Line;
      }
      within = within != (quotes && c == '"');
      if (text_.size() == kLongestRecord) return Got::TooLong;
      text_ += c;
    }
    return text_.empty() ? Got::End : Got::Line;
  }
  std::string& text() { return text_; }
  size_t number() const { return first_; }  ///< of its first line

 private:
  std::istream& in_;
  std::string text_;
  size_t first_ = 0;
  size_t last_ = 0;  ///< ended so far
};

/// A cell as JSON has it: empty is unknown, what is no text is JSON itself.
template <class T>
Objection take_cell(const std::string& cell, T& value) {
  if (cell.empty()) return nullptr;
  const json parsed = json::parse(cell, nullptr, false);
  if (parsed.is_discarded()) return "expected JSON";
  return take(parsed, value);
}
Objection take_cell(const std::string& cell, std::string& value) {
  value = cell;
  return nullptr;
}
template <class Integer>
requires std::is_integral_v<Integer> &&(!std::is_same_v<Integer, bool>)Objection
    take_cell(const std::string& cell, Integer& value) {
  if (cell.empty()) return nullptr;
  const auto parsed = base::parse_integer<Integer>(cell);
  if (!parsed) return std::is_unsigned_v<Integer> ? kWhole : kInteger;
  value = *parsed;
  return nullptr;
}
template <class Integer>
requires std::is_integral_v<Integer> &&(!std::is_same_v<Integer, bool>)Objection
    take_cell(const std::string& cell, std::optional<Integer>& value) {
  return cell.empty() ? nullptr : take_cell(cell, value.emplace());
}

class CsvRecords {
 public:
  /// The first row.
  std::string take_names(const std::vector<std::string>& names) {
    std::unordered_set<std::string> seen;
    for (const std::string& cell : names) {
      const std::string name(base::trim(cell));
      if (!is_field(name)) return "unknown column \"" + name + "\", allowed are " + all_columns();
      if (!seen.insert(name).second) return "column \"" + name + "\" is there twice";
      columns_[name] = columns_.size();
    }
    for (const char* name : {"id", "experiment", "variant"}) {
      if (!seen.contains(name)) return std::string("there is no column \"") + name + "\"";
    }
    return "";
  }

  std::string take_row(const std::vector<std::string>& cells, RunRecord& run) const {
    if (cells.size() != columns_.size())
      return "found " + std::to_string(cells.size()) + " cells, expected " + std::to_string(columns_.size());
    std::string wrong;
    const auto take_field = [&](const char* name, auto& value) {
      const auto column = columns_.find(name);
      if (column == columns_.end() || !wrong.empty()) return;
      const std::string& cell = cells[column->second];
      using T = std::remove_reference_t<decltype(value)>;
      std::string objection;
      if constexpr (std::is_same_v<T, std::optional<model::ThreadTimes>> || std::is_same_v<T, std::vector<RunTasks>>) {
        objection = take_object(name, cell, value);
      } else if (const Objection it = take_cell(cell, value)) {
        objection = it;
      }
      if (!objection.empty()) wrong = std::string(name) + ": found \"" + cell.substr(0, 60) + "\", " + objection;
    };
    model::for_each_field(take_field, run);
    return wrong.empty() ? objection_to(run) : wrong;
  }

 private:
  template <class T>
  static std::string take_object(const char* name, const std::string& cell, T& value) {
    if (cell.empty()) return "";
    const json parsed = json::parse(cell, nullptr, false);
    if (parsed.is_discarded()) return "expected JSON";
    const json object = {{name, parsed}};
    Members members(object);
    members(name, value);
    return members.objection([](const std::string&) { return true; });
  }
  static std::string all_columns() {
    std::string list;
    const RunRecord any;
    model::for_each_field([&list](const char* name, const auto&) { list.append(list.empty() ? "" : ", ") += name; },
                          any);
    return list;
  }

  std::map<std::string, size_t, std::less<>> columns_;
};

Error error_at(const std::string& file, size_t line, const std::string& what) {
  return {.attempt = file + ":" + std::to_string(line) + ": " + what};
}

Result<Done> take_json_line(const std::string& line, const RecordSink& sink) {
  const json parsed = json::parse(line, nullptr, false);
  if (parsed.is_discarded()) return Error{.attempt = "no JSON object on a line of its own"};
  if (parsed.is_object() && parsed.size() == 1 && parsed.contains("run")) {
    Result<RunRecord> run = run_in(parsed["run"]);
    if (!run.ok()) return run.error();
    std::string wrong = objection_to(*run);
    if (!wrong.empty()) return Error{.attempt = std::move(wrong)};
    return sink.run(*std::move(run));
  }
  if (parsed.is_object() && parsed.size() == 1 && parsed.contains("campaign")) {
    Result<Campaign> campaign = campaign_in(parsed["campaign"]);
    if (!campaign.ok()) return campaign.error();
    return sink.campaign(*std::move(campaign));
  }
  return Error{.attempt = R"(expected {"run": …} or {"campaign": …})"};
}

Result<Done> take_csv_row(CsvRecords& records, const std::string& text, bool is_first, const RecordSink& sink) {
  std::vector<std::string> cells;
  CsvRows rows(text);
  if (!rows.next(cells)) return Done{};
  if (rows.broken()) return Error{.attempt = "the file ends within quotes"};
  if (is_first) {
    std::string wrong = records.take_names(cells);
    if (!wrong.empty()) return Error{.attempt = std::move(wrong)};
    return Done{};
  }
  RunRecord run;
  std::string wrong = records.take_row(cells, run);
  if (!wrong.empty()) return Error{.attempt = std::move(wrong)};
  return sink.run(std::move(run));
}

}  // namespace

Result<Done> read_records(std::istream& in, const std::string& file, const RecordSink& sink) {
  const bool is_json = in.peek() == '{';
  if (in.eof()) return Error{.attempt = file + ": the file is empty"};
  CsvRecords csv;
  Lines lines(in);
  for (bool is_first = true;;) {
    const Lines::Got got = lines.next(!is_json);
    if (got == Lines::Got::End) break;
    if (got == Lines::Got::TooLong)
      return error_at(file, lines.number(), "longer than 16 MiB: no run's record, or a quote that does not end");
    if (base::trim(lines.text()).empty()) continue;
    const Result<Done> taken =
        is_json ? take_json_line(lines.text(), sink) : take_csv_row(csv, lines.text(), is_first, sink);
    if (!taken.ok()) return error_at(file, lines.number(), taken.error().message());
    is_first = false;
  }
  if (in.bad()) return Error{.code = EIO, .attempt = "read " + file};
  return Done{};
}

Result<RunRecord> parse_run(const std::string& text) {
  const json parsed = json::parse(text, nullptr, false);
  if (parsed.is_discarded()) return Error{.attempt = "no JSON"};
  return run_in(parsed);
}

}  // namespace benchd::results
