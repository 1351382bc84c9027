#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "exporters/prometheus/number.h"
#include "model/field.h"
#include "model/host_field.h"
#include "model/snapshot.h"

/// The namespace is not benchd::prometheus: that would hide prometheus-cpp's from everyone in benchd.
namespace benchd::exposition {

/// Unknown is for a counter whose name, made by cAdvisor, has no `_total`: both formats forbid calling it a counter.
enum class Type : uint8_t { Counter, Gauge, Histogram, Unknown };

/// Whose values a family shows; decides the labels that each of its series begins with.
enum class Subject : uint8_t {
  Host,       ///< none
  Container,  ///< id, name; of tasks also the host, as id "/"
  DropIn,     ///< a container under cAdvisor's name: id, name, image, container_label_… of the allowed labels
  Info,  ///< a container with all that is known of it: id, name, image, runtime, …, label_… of the allowed labels
  Workload,  ///< workload, experiment, variant; the latter two empty where they do not apply
};

struct Label {
  std::string_view name;
  std::string_view value;  ///< any bytes
};

/// The labels that all series of a subject's families begin with; none for the host. They change with the container's
/// metadata only. Names are unique and valid, values are any bytes.
struct SubjectLabel {
  std::string name;
  std::string value;
};
std::vector<SubjectLabel> subject_labels(Subject subject, const model::ContainerSnapshot& container);
std::vector<SubjectLabel> subject_labels(const model::Workload& workload);

/// Where a family's samples go. Values and labels need to live for the call only.
class SampleSink {
 public:
  SampleSink() = default;
  SampleSink(const SampleSink&) = delete;
  SampleSink& operator=(const SampleSink&) = delete;
  virtual ~SampleSink() = default;

  /// One series of the family: the subject's labels, then `labels`. `suffix`: which part of a histogram, in the order
  /// "_count", "_sum", "_bucket" with ascending `le` up to "+Inf"; empty of all else.
  virtual void add(std::string_view suffix, Number value, std::span<const Label> labels) = 0;

  void add(Number value, std::span<const Label> labels) { add("", value, labels); }
  void add(std::string_view suffix, Number value, std::initializer_list<Label> labels) {
    add(suffix, value, std::span(labels.begin(), labels.size()));
  }
  void add(Number value, std::initializer_list<Label> labels = {}) {
    add("", value, std::span(labels.begin(), labels.size()));
  }
  void add(const std::optional<Number>& value, std::initializer_list<Label> labels = {}) {
    if (value) add(*value, labels);
  }
};

/// What families of the host and of benchd itself are made from.
struct HostView {
  const model::Snapshot& snapshot;
  base::Instant now;         ///< when the text is made
  size_t hidden_containers;  ///< not shown, because another container has the same label set
};

/// What families of a container are made from.
struct ContainerView {
  const model::ContainerSnapshot& container;
  const model::Snapshot& snapshot;
};

/// What families of a workload are made from.
struct WorkloadView {
  const model::WorkloadSnapshot& workload;
  const model::Snapshot& snapshot;
};

/// What families of tasks and logs are made from: of a container, of a workload (no logs, no residual), or of the host,
/// which has the labels of a container with the id "/".
struct TaskView {
  TaskView(const model::ContainerSnapshot& container, const model::Snapshot& snapshot);
  TaskView(const model::WorkloadSnapshot& workload, const model::Snapshot& snapshot);
  explicit TaskView(const model::Snapshot& of_host);

  std::span<const model::TaskFigures> tasks;
  std::span<const model::LogFigures> logs;
  std::span<const int64_t> bounds;         ///< of histograms, in nanoseconds
  const model::Usage* residual = nullptr;  ///< null where nothing is known of it
  bool has_threads = false;
  bool has_io = false;
  int64_t wall = 0;  ///< when the snapshot was taken, in nanoseconds of Unix time

 private:
  TaskView(const model::ContainerTasks* its, const model::Snapshot& snapshot);
};

/// One series that is one field: absent where the field is.
struct FieldSample {
  model::Field field;
  std::vector<Label> labels = {};
};
struct HostFieldSample {
  model::HostField field;
};

using ContainerSamples = void (*)(const ContainerView&, SampleSink&);
using HostSamples = void (*)(const HostView&, SampleSink&);
using WorkloadSamples = void (*)(const WorkloadView&, SampleSink&);
using TaskSamples = void (*)(const TaskView&, SampleSink&);

/// One metric family.
struct Family {
  std::string name;
  Type type = Type::Gauge;
  Subject subject = Subject::Host;
  std::string labels;  ///< names beyond the subject's, "device, operation"; for the document
  std::string source;  ///< the kernel's file and key, or who says it: "cpu.stat throttled_usec"
  std::string help;    ///< one line, no backslash, no quote; ends with the source in brackets
  /// Also shown of a finished container, for the retention time: counters, peaks, and facts that cannot change any
  /// more. What is measured of the present vanishes at the end, or sums would count the dead.
  bool lasting = false;
  std::vector<model::Field> fields;  ///< all that the samples are made from
  std::variant<std::vector<FieldSample>, std::vector<HostFieldSample>, ContainerSamples, HostSamples, WorkloadSamples,
               TaskSamples>
      samples;
};

/// Every metric family made from a Snapshot, in the order of the text. Families that benchd counts about itself in a
/// prometheus-cpp registry come on top. Names are unique; prepared once, never changed.
const std::vector<Family>& catalogue();

/// A container's field as a sample: microseconds as seconds, an unlimited limit as +Inf, absent as nothing.
std::optional<Number> number(const model::FieldValues& values, model::Field field);
std::optional<Number> number(const model::HostValues& values, model::HostField field);

/// Hands over the family's samples of one container, one workload, or the host; a family of another subject has none.
void collect(const Family& family, const ContainerView& view, SampleSink& sink);
void collect(const Family& family, const HostView& view, SampleSink& sink);
void collect(const Family& family, const WorkloadView& view, SampleSink& sink);

/// "seconds", "bytes", "hertz" where the name ends with it (before `_total`), else empty: OpenMetrics' UNIT.
std::string_view unit_of(std::string_view name, Type type);
std::string_view unit_of(const Family& family);

/// The help without the source.
std::string meaning_of(const Family& family);

/// The word of both formats' TYPE lines, but for OpenMetrics' "unknown".
std::string_view name_of(Type type);

/// The catalogue as a Markdown document, the first part of docs/metrics.md.
std::string catalogue_document();

}  // namespace benchd::exposition
