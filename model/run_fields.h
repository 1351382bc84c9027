#pragma once

#include "model/run_record.h"

namespace benchd::model {

/// Calls `visit(name, member)` for all that a run's record holds, under the names that it has in the ledger, in JSON
/// and in CSV alike: whoever stores or shows runs walks this, so that none of them can lack a member or mean another by
/// the same name. Of several runs, const or not, `visit` gets the same member of each. Names are never changed.
template <class Visit, class... Runs>
void for_each_field(Visit&& visit, Runs&... runs) {
  visit("id", runs.id...);
  visit("campaign", runs.campaign...);
  visit("experiment", runs.experiment...);
  visit("variant", runs.variant...);
  visit("block", runs.block...);
  visit("start_order", runs.order...);
  visit("control", runs.control...);
  visit("warm_up", runs.warm_up...);
  visit("container", runs.container...);
  visit("image_digest", runs.image_digest...);
  visit("host", runs.host.name...);
  visit("kernel", runs.host.kernel...);
  visit("cpu_model", runs.host.cpu_model...);
  visit("cpus", runs.host.cpus...);
  visit("governor", runs.host.governor...);
  visit("turbo", runs.host.turbo...);
  visit("smt", runs.host.smt...);
  visit("cpuset", runs.cpuset...);
  visit("cpu_limit", runs.cpu_limit...);
  visit("memory_limit_bytes", runs.memory_limit_bytes...);
  visit("started_at_ns", runs.started_at...);
  visit("duration_ns", runs.duration_ns...);
  visit("exit_code", runs.exit_code...);
  visit("oom_killed", runs.oom_killed...);
  visit("failure", runs.failure...);
  visit("exclusion", runs.exclusion...);
  visit("incomplete", runs.incomplete...);
  visit("cpu_usec", runs.cpu_usec...);
  visit("cpu_user_usec", runs.cpu_user_usec...);
  visit("cpu_system_usec", runs.cpu_system_usec...);
  visit("cpu_ns", runs.cpu_ns...);
  visit("threads", runs.threads...);
  visit("cpu_frequency_hz", runs.cpu_frequency_hz...);
  visit("throttled_usec", runs.throttled_usec...);
  visit("memory_peak_bytes", runs.memory_peak_bytes...);
  visit("io_read_bytes", runs.io_read_bytes...);
  visit("io_written_bytes", runs.io_written_bytes...);
  visit("network_received_bytes", runs.network_received_bytes...);
  visit("network_sent_bytes", runs.network_sent_bytes...);
  visit("tasks", runs.tasks...);
  visit("task_span_ns", runs.task_span_ns...);
  visit("course", runs.course...);
  visit("services", runs.services...);
}

}  // namespace benchd::model
