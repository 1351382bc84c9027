#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporters/prometheus/catalogue.h"

/// The parts that catalogue() is put together from, and what they have in common. Internal to this folder.
namespace benchd::exposition {

void append_drop_in_families(std::vector<Family>& families);
void append_container_families(std::vector<Family>& families);
void append_kernel_families(std::vector<Family>& families);
void append_host_families(std::vector<Family>& families);
void append_self_families(std::vector<Family>& families);
void append_workload_families(std::vector<Family>& families);
void append_task_families(std::vector<Family>& families);
void append_compare_families(std::vector<Family>& families);

enum class AfterEnd : uint8_t { Vanishes, Stays };

/// A family that is one field, or one series per field told apart by a label. Type, unit and the kernel file in the
/// help come from the field's spec. `after_end` is for gauges: counters always stay.
Family field_family(Subject subject, std::string name, std::string help, std::vector<FieldSample> samples,
                    AfterEnd after_end = AfterEnd::Vanishes);

/// A family that is computed. `source` is what the help names in brackets, on top of the fields' own files.
Family computed_family(Subject subject, Type type, std::string name, std::string help, std::string labels,
                       std::string source, std::vector<model::Field> fields, ContainerSamples samples,
                       AfterEnd after_end = AfterEnd::Vanishes);

Family host_family(Type type, std::string name, std::string help, std::string labels, std::string source,
                   HostSamples samples);

/// A counter of workloads.
Family workload_family(std::string name, std::string help, std::string labels, std::string source,
                       WorkloadSamples samples);

/// What logs tell, of containers and the host or of workloads.
Family task_family(Subject subject, Type type, std::string name, std::string help, std::string labels,
                   std::string source, TaskSamples samples);

/// A Unix time in seconds from an instant of this boot.
Number wall_time(const model::Snapshot& snapshot, base::Instant instant);

/// The host's name for a device ("sda"), or its number ("8:0") where the host does not list it.
struct DeviceName {
  DeviceName(const model::Snapshot& snapshot, model::Device device, std::string_view prefix = "");
  std::string_view text() const { return {buffer, length}; }
  char buffer[48];
  size_t length;
};

/// "major" and "minor" as text.
struct IntegerText {
  explicit IntegerText(uint64_t value);
  std::string_view text() const { return {buffer, length}; }
  char buffer[20];
  size_t length;
};

}  // namespace benchd::exposition
