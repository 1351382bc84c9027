#include "collectors/runtimes/engine_json.h"

#include <array>
#include <chrono>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace benchd::runtimes {
namespace {

using base::Engine;
using base::Error;
using base::Result;
using nlohmann::json;

/// Nothing of a document is trusted to be there or to have a type: a member that is missing or another type is null.
const json& member(const json& object, const char* key) {
  static const json null;
  if (!object.is_object()) return null;
  const auto found = object.find(key);
  return found == object.end() ? null : *found;
}

/// Names, references and label values beyond this are not taken: what is remembered of one container stays small
/// whatever an engine says.
constexpr size_t kMaxText = 4096;
constexpr size_t kMaxLabels = 64;

std::string text_of(const json& value, size_t max = kMaxText) {
  if (!value.is_string()) return {};
  const auto& text = value.get_ref<const std::string&>();
  return text.size() <= max ? text : std::string();
}

template <class Number>
std::optional<Number> number_of(const json& value) {
  if (value.is_number_integer()) return value.get<Number>();
  return std::nullopt;
}

bool is_true(const json& value) {
  return value.is_boolean() && value.get<bool>();
}

json parse_quietly(std::string_view text) {
  return json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
}

Error no_json(const char* what) {
  return {.code = 0, .attempt = std::string("read ") + what + ": no JSON object"};
}

std::map<std::string, std::string> filtered(const json& object, const LabelFilter& filter) {
  std::map<std::string, std::string> labels;
  if (!object.is_object()) return labels;
  for (const auto& [key, value] : object.items())
    if (value.is_string() && key.size() <= kMaxText && labels.size() < kMaxLabels && filter.passes(key))
      labels.emplace(key, text_of(value));
  return labels;
}

std::string without_slash(std::string name) {
  if (name.starts_with('/')) name.erase(0, 1);
  return name;
}

EngineEvent::What what_of(std::string_view action) {
  using What = EngineEvent::What;
  struct Word {
    std::string_view action;
    What what;
  };
  static constexpr auto kWords = std::to_array<Word>({
      {"create", What::Create},
      {"start", What::Start},
      {"die", What::Die},
      {"died", What::Die},
      {"oom", What::Oom},
      {"rename", What::Rename},
      {"destroy", What::Remove},
      {"remove", What::Remove},
      {"health_status", What::Health},
  });
  for (const Word& word : kWords)
    if (word.action == action) return word.what;
  return What::Other;
}

/// What the engines themselves put among the labels.
bool is_own_attribute(const std::string& key) {
  static constexpr auto kOwn = std::to_array<std::string_view>(
      {"image", "name", "exitCode", "containerExitCode", "podId", "oldName", "signal", "execID", "execDuration"});
  for (const std::string_view own : kOwn)
    if (own == key) return true;
  return false;
}

std::optional<double> cpu_limit(const json& nano_cpus, const json& quota, const json& period) {
  if (const auto nano = number_of<int64_t>(nano_cpus); nano && *nano > 0) return static_cast<double>(*nano) / 1e9;
  const auto quota_us = number_of<int64_t>(quota);
  if (!quota_us || *quota_us <= 0) return std::nullopt;
  const int64_t period_us = number_of<int64_t>(period).value_or(0);
  return static_cast<double>(*quota_us) / static_cast<double>(period_us > 0 ? period_us : 100'000);
}

std::optional<uint64_t> positive(const json& value) {
  const auto number = number_of<int64_t>(value);
  if (!number || *number <= 0) return std::nullopt;
  return static_cast<uint64_t>(*number);
}

std::string first_of(const json& object, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (std::string text = text_of(member(object, key)); !text.empty()) return text;
  return {};
}

}  // namespace

Result<EngineEvent> parse_event(std::string_view line, const LabelFilter& labels) {
  const json document = parse_quietly(line);
  if (!document.is_object()) return no_json("an event");
  const json& actor = member(document, "Actor");
  const json& attributes = member(actor, "Attributes");

  EngineEvent event;
  event.id = text_of(member(actor, "ID"));
  if (event.id.empty()) return Error{.code = 0, .attempt = "read an event: it names no container"};
  std::string action = text_of(member(document, "Action"));
  const size_t colon = action.find(": ");
  if (colon != std::string::npos) event.health = action.substr(colon + 2);
  event.what = what_of(std::string_view(action).substr(0, colon));
  event.wall_ns = number_of<int64_t>(member(document, "timeNano")).value_or(0);
  event.name = without_slash(text_of(member(attributes, "name")));
  event.image = text_of(member(attributes, "image"));
  event.labels = filtered(attributes, labels);
  std::erase_if(event.labels, [](const auto& label) { return is_own_attribute(label.first); });

  if (event.what == EngineEvent::What::Die)
    event.exit_code = base::parse_integer<int>(first_of(attributes, {"exitCode", "containerExitCode"}));
  if (event.what != EngineEvent::What::Health)
    event.health.clear();
  else if (std::string status = text_of(member(document, "HealthStatus")); !status.empty())
    event.health = std::move(status);
  return event;
}

Result<base::Done> parse_list(std::string_view text, const LabelFilter& labels,
                              const std::function<void(ListedContainer)>& take) {
  // Depth 0 is the list, 1 an element; returning false drops what was parsed.
  const auto callback = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth != 1 || event != json::parse_event_t::object_end) return true;
    ListedContainer listed{.id = text_of(member(parsed, "Id")),
                           .image = text_of(member(parsed, "Image")),
                           .image_digest = text_of(member(parsed, "ImageID")),
                           .labels = filtered(member(parsed, "Labels"), labels)};
    if (const json& names = member(parsed, "Names"); names.is_array() && !names.empty())
      listed.name = without_slash(text_of(names.front()));
    if (!listed.id.empty()) take(std::move(listed));
    return false;
  };
  const json document = json::parse(text.begin(), text.end(), callback, /*allow_exceptions=*/false);
  if (!document.is_array()) return Error{.code = 0, .attempt = "read the list of containers: no JSON list"};
  return base::Done{};
}

Result<Inspected> parse_inspect(std::string_view text, Engine engine, const LabelFilter& labels) {
  const json document = parse_quietly(text);
  if (!document.is_object()) return no_json("a container's description");
  const json& state = member(document, "State");
  const json& config = member(document, "Config");
  const json& host = member(document, "HostConfig");
  if (!state.is_object() || !config.is_object())
    return Error{.code = 0, .attempt = "read a container's description: State or Config is missing"};

  Inspected result;
  result.running = is_true(member(state, "Running"));
  model::Metadata& metadata = result.metadata;
  metadata.name = without_slash(text_of(member(document, "Name")));
  metadata.image = text_of(member(config, "Image"));
  metadata.image_digest = text_of(member(document, "Image"));
  metadata.labels = filtered(member(config, "Labels"), labels);
  metadata.created = parse_time(text_of(member(document, "Created")));
  metadata.started = parse_time(text_of(member(state, "StartedAt")));
  // Between two runs podman shows the last start, no end and exit code 0 ("stopping", "initialized"); dockerd's own
  // file has no status word.
  const std::string status = text_of(member(state, "Status"));
  const auto finished = parse_time(text_of(member(state, "FinishedAt")));
  result.finished = !result.running && metadata.started && finished && *finished > *metadata.started - 1 &&
                    (status.empty() || status == "exited" || status == "dead" || status == "stopped");
  if (result.finished) {
    metadata.finished = finished;
    metadata.exit_code = number_of<int>(member(state, "ExitCode"));
  }
  // Podman has the status word of an absent health check empty, Docker has no Health at all.
  metadata.health = text_of(member(member(state, "Health"), "Status"));
  if (metadata.health == "none") metadata.health.clear();
  if (metadata.started) metadata.oom_killed = is_true(member(state, "OOMKilled"));
  metadata.restarts = number_of<uint64_t>(member(document, "RestartCount"));
  metadata.cpu_limit = cpu_limit(member(host, "NanoCpus"), member(host, "CpuQuota"), member(host, "CpuPeriod"));
  metadata.memory_limit_bytes = positive(member(host, "Memory"));
  metadata.log_driver = text_of(member(member(host, "LogConfig"), "Type"));
  // podman-run(1): "json-file is an alias for k8s-file"; the compatible API says the alias.
  if (engine == Engine::Podman && metadata.log_driver == "json-file") metadata.log_driver = "k8s-file";
  metadata.log_path = text_of(member(document, "LogPath"));
  if (const auto pid = number_of<pid_t>(member(state, "Pid")); pid && *pid > 0) metadata.init_pid = *pid;
  return result;
}

Result<model::Metadata> parse_oci_bundle(std::string_view text, const LabelFilter& labels) {
  const json document = parse_quietly(text);
  if (!document.is_object()) return no_json("a bundle");
  const json& annotations = member(document, "annotations");

  model::Metadata metadata;
  std::string name = first_of(annotations, {"io.kubernetes.cri.container-name", "io.kubernetes.container.name"});
  const std::string pod = first_of(annotations, {"io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name"});
  const std::string space =
      first_of(annotations, {"io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace"});
  const std::string type =
      first_of(annotations, {"io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType"});
  if (type == "sandbox") name = "POD";
  if (!pod.empty())
    metadata.name = space + "/" + pod + "/" + name;
  else
    metadata.name = name.empty() ? first_of(annotations, {"nerdctl/name", "io.kubernetes.cri-o.Name"}) : name;

  metadata.image = first_of(annotations, {"io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName"});
  metadata.created = parse_time(first_of(annotations, {"io.kubernetes.cri-o.Created"}));
  metadata.log_path = first_of(annotations, {"io.kubernetes.cri-o.LogPath"});
  metadata.labels = filtered(annotations, labels);
  // CRI-O keeps the container's labels as JSON within JSON.
  metadata.labels.merge(
      filtered(parse_quietly(text_of(member(annotations, "io.kubernetes.cri-o.Labels"), 1U << 20)), labels));

  const json& resources = member(member(document, "linux"), "resources");
  const json& cpu = member(resources, "cpu");
  metadata.cpu_limit = cpu_limit(json(), member(cpu, "quota"), member(cpu, "period"));
  metadata.memory_limit_bytes = positive(member(member(resources, "memory"), "limit"));
  return metadata;
}

std::optional<double> parse_time(std::string_view text) {
  // YYYY-MM-DDTHH:MM:SS, then maybe a fraction, then Z or +HH:MM.
  constexpr size_t kSeconds = 19;
  if (text.size() < kSeconds + 1 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':')
    return std::nullopt;
  const auto part = [text](size_t at, size_t size) { return base::parse_integer<int>(text.substr(at, size)); };
  const auto year = part(0, 4), month = part(5, 2), day = part(8, 2);
  const auto hour = part(11, 2), minute = part(14, 2), second = part(17, 2);
  if (!year || !month || !day || !hour || !minute || !second || *year < 1970) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;

  std::string_view rest = text.substr(kSeconds);
  double fraction = 0;
  if (rest.front() == '.') {
    const size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    const auto digits = base::parse_integer<uint64_t>(rest.substr(1, end - 1));
    if (!digits) return std::nullopt;
    fraction = static_cast<double>(*digits);
    for (size_t i = 1; i < end; ++i) fraction /= 10;
    rest.remove_prefix(end);
  }
  int offset_minutes = 0;
  if (rest != "Z") {
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return std::nullopt;
    const auto hours = base::parse_integer<int>(rest.substr(1, 2));
    const auto minutes = base::parse_integer<int>(rest.substr(4, 2));
    if (!hours || !minutes) return std::nullopt;
    offset_minutes = (*hours * 60 + *minutes) * (rest[0] == '-' ? -1 : 1);
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t minutes_of_day = int64_t{60} * *hour + *minute - offset_minutes;
  const int64_t seconds = (int64_t{days} * 1440 + minutes_of_day) * 60 + *second;
  return static_cast<double>(seconds) + fraction;
}

}  // namespace benchd::runtimes
