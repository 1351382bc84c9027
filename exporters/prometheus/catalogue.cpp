#include "exporters/prometheus/catalogue.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "exporters/prometheus/family_tables.h"

namespace benchd::exposition {
namespace {

using model::Field;
using model::Kind;
using model::Unit;

Number scaled(Unit unit, uint64_t value) {
  return unit == Unit::Microseconds ? Number::microseconds(value) : Number::count(value);
}

/// "cpu.stat throttled_usec"; of a pressure file what stands on the line: "cpu.pressure some total".
std::string source_of(Field field) {
  const model::FieldSpec& it = spec(field);
  std::string text(spec(it.file).name);
  if (!it.key.empty() && spec(it.file).shape != model::Shape::CpuMax) text.append(" ").append(it.key);
  if (spec(it.file).shape == model::Shape::Pressure) text += " total";
  return text;
}

/// The sources of several fields, each file named once: "memory.stat pgscan, pgsteal".
std::string sources_of(const std::vector<Field>& fields) {
  std::string text;
  std::string_view file;
  for (const Field field : fields) {
    const std::string source = source_of(field);
    const std::string_view name = spec(spec(field).file).name;
    if (!text.empty()) text += ", ";
    text += name == file && source.size() > name.size() ? source.substr(name.size() + 1) : source;
    file = name;
  }
  return text;
}

std::string with_source(std::string help, const std::string& source) {
  if (!source.empty()) help.append(" (").append(source).append(")");
  return help;
}

std::vector<Family> make_catalogue() {
  std::vector<Family> families;
  append_drop_in_families(families);
  append_container_families(families);
  append_kernel_families(families);
  append_workload_families(families);
  append_task_families(families);
  append_compare_families(families);
  append_host_families(families);
  append_self_families(families);
  return families;
}

}  // namespace

const std::vector<Family>& catalogue() {
  static const std::vector<Family> families = make_catalogue();
  return families;
}

std::optional<Number> number(const model::FieldValues& values, Field field) {
  const std::optional<uint64_t> value = values.get(field);
  if (!value) return std::nullopt;
  const model::FieldSpec& it = spec(field);
  if (it.kind == Kind::Limit && *value == model::kUnlimited) return Number::infinite();
  return scaled(it.unit, *value);
}

std::optional<Number> number(const model::HostValues& values, model::HostField field) {
  const std::optional<uint64_t> value = values.get(field);
  if (!value) return std::nullopt;
  return scaled(spec(field).unit, *value);
}

void collect(const Family& family, const ContainerView& view, SampleSink& sink) {
  if (view.container.ended && !family.lasting) return;
  if (const auto* fields = std::get_if<std::vector<FieldSample>>(&family.samples)) {
    for (const FieldSample& sample : *fields)
      if (const auto value = number(view.container.reading.values, sample.field)) sink.add(*value, sample.labels);
  } else if (const auto* samples = std::get_if<ContainerSamples>(&family.samples)) {
    (*samples)(view, sink);
  } else if (const auto* of_tasks = std::get_if<TaskSamples>(&family.samples)) {
    if (view.container.tasks != nullptr) (*of_tasks)(TaskView(view.container, view.snapshot), sink);
  }
}

void collect(const Family& family, const HostView& view, SampleSink& sink) {
  if (const auto* fields = std::get_if<std::vector<HostFieldSample>>(&family.samples)) {
    for (const HostFieldSample& sample : *fields) sink.add(number(view.snapshot.host.values, sample.field));
  } else if (const auto* samples = std::get_if<HostSamples>(&family.samples)) {
    (*samples)(view, sink);
  } else if (const auto* of_tasks = std::get_if<TaskSamples>(&family.samples)) {
    if (view.snapshot.host_tasks != nullptr) (*of_tasks)(TaskView(view.snapshot), sink);
  }
}

void collect(const Family& family, const WorkloadView& view, SampleSink& sink) {
  if (const auto* samples = std::get_if<WorkloadSamples>(&family.samples)) {
    (*samples)(view, sink);
  } else if (const auto* of_tasks = std::get_if<TaskSamples>(&family.samples)) {
    if (view.workload.tasks != nullptr) (*of_tasks)(TaskView(view.workload, view.snapshot), sink);
  }
}

TaskView::TaskView(const model::ContainerTasks* its, const model::Snapshot& snapshot)
    : wall(snapshot.taken + snapshot.wall_offset) {
  if (snapshot.duration_bounds != nullptr) bounds = *snapshot.duration_bounds;
  if (its == nullptr) return;
  tasks = its->tasks;
  logs = its->logs;
}

TaskView::TaskView(const model::ContainerSnapshot& container, const model::Snapshot& snapshot)
    : TaskView(container.tasks.get(), snapshot) {
  if (container.tasks != nullptr) residual = &container.tasks->residual;
  has_threads = container.reading.threads.has_value();
  has_io = !container.reading.io.empty();
}

TaskView::TaskView(const model::WorkloadSnapshot& workload, const model::Snapshot& snapshot)
    : TaskView(nullptr, snapshot) {
  if (workload.tasks != nullptr) tasks = *workload.tasks;
  has_threads = workload.has_threads;
  has_io = workload.has_io;
}

TaskView::TaskView(const model::Snapshot& of_host) : TaskView(of_host.host_tasks.get(), of_host) {}

std::string_view unit_of(std::string_view name, Type type) {
  if (type == Type::Counter && name.ends_with("_total")) name.remove_suffix(std::strlen("_total"));
  for (const std::string_view unit : {"seconds", "bytes", "hertz"})
    if (name.ends_with(unit) && name.size() > unit.size() && name[name.size() - unit.size() - 1] == '_') return unit;
  return {};
}

std::string_view unit_of(const Family& family) {
  return unit_of(family.name, family.type);
}

std::string meaning_of(const Family& family) {
  return family.help.substr(0, family.help.size() - family.source.size() - std::strlen(" ()"));
}

std::string_view name_of(Type type) {
  switch (type) {
    case Type::Counter:
      return "counter";
    case Type::Gauge:
      return "gauge";
    case Type::Histogram:
      return "histogram";
    case Type::Unknown:
      break;
  }
  return "untyped";
}

Family field_family(Subject subject, std::string name, std::string help, std::vector<FieldSample> samples,
                    AfterEnd after_end) {
  Family family;
  for (const FieldSample& sample : samples) family.fields.push_back(sample.field);
  for (const Label& label : samples.front().labels)
    family.labels.append(family.labels.empty() ? "" : ", ").append(label.name);
  family.name = std::move(name);
  family.subject = subject;
  family.type = spec(samples.front().field).kind == Kind::Counter ? Type::Counter : Type::Gauge;
  family.source = sources_of(family.fields);
  family.help = with_source(std::move(help), family.source);
  family.lasting = family.type == Type::Counter || after_end == AfterEnd::Stays;
  family.samples = std::move(samples);
  return family;
}

Family computed_family(Subject subject, Type type, std::string name, std::string help, std::string labels,
                       std::string source, std::vector<Field> fields, ContainerSamples samples, AfterEnd after_end) {
  if (!fields.empty()) source.append(source.empty() ? "" : ", ").append(sources_of(fields));
  Family family;
  family.name = std::move(name);
  family.type = type;
  family.subject = subject;
  family.labels = std::move(labels);
  family.help = with_source(std::move(help), source);
  family.source = std::move(source);
  family.lasting = type != Type::Gauge || after_end == AfterEnd::Stays;
  family.fields = std::move(fields);
  family.samples = samples;
  return family;
}

Family host_family(Type type, std::string name, std::string help, std::string labels, std::string source,
                   HostSamples samples) {
  Family family;
  family.name = std::move(name);
  family.type = type;
  family.labels = std::move(labels);
  family.help = with_source(std::move(help), source);
  family.source = std::move(source);
  family.samples = samples;
  return family;
}

Family workload_family(std::string name, std::string help, std::string labels, std::string source,
                       WorkloadSamples samples) {
  Family family;
  family.name = std::move(name);
  family.type = Type::Counter;
  family.subject = Subject::Workload;
  family.labels = std::move(labels);
  family.help = with_source(std::move(help), source);
  family.source = std::move(source);
  family.lasting = true;
  family.samples = samples;
  return family;
}

Family task_family(Subject subject, Type type, std::string name, std::string help, std::string labels,
                   std::string source, TaskSamples samples) {
  Family family;
  family.name = std::move(name);
  family.type = type;
  family.subject = subject;
  family.labels = std::move(labels);
  family.help = with_source(std::move(help), source);
  family.source = std::move(source);
  family.lasting = true;  // a log is read to its end, which may come after its container's
  family.samples = samples;
  return family;
}

Number wall_time(const model::Snapshot& snapshot, base::Instant instant) {
  return Number::microseconds(static_cast<uint64_t>(std::max<int64_t>(instant + snapshot.wall_offset, 0)) / 1000);
}

IntegerText::IntegerText(uint64_t value)
    : length(static_cast<size_t>(std::to_chars(buffer, buffer + sizeof buffer, value).ptr - buffer)) {}

DeviceName::DeviceName(const model::Snapshot& snapshot, model::Device device, std::string_view prefix) : length(0) {
  const auto append = [this](std::string_view text) {
    text = text.substr(0, sizeof buffer - length);
    std::memcpy(buffer + length, text.data(), text.size());
    length += text.size();
  };
  if (const model::HostDisk* disk = find_disk(snapshot.host, device)) {
    append(prefix);
    append(disk->name.data());
  } else {
    append(IntegerText(device.major).text());
    append(":");
    append(IntegerText(device.minor).text());
  }
}

}  // namespace benchd::exposition
