#include "exporters/page/page.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "exporters/page/assets.h"
#include "exporters/page/units.h"

namespace benchd::page {
namespace {

using model::ContainerSnapshot;
using model::Field;
using model::HostField;
using model::Snapshot;

constexpr const char* kAbsent = "–";

template <class... Arguments>
void add(std::string& html, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  fmt::format_to(std::back_inserter(html), format, std::forward<Arguments>(arguments)...);
}

template <class Value, class Format>
std::string shown(const std::optional<Value>& value, Format format) {
  return value ? format(static_cast<double>(*value)) : kAbsent;
}

/// "read / written", or one dash for two.
std::string pair(const std::string& first, const std::string& second) {
  return first == kAbsent && second == kAbsent ? kAbsent : first + " / " + second;
}

double to_seconds(base::Instant duration) {
  return static_cast<double>(duration) / static_cast<double>(base::kSecond);
}

/// What people call it; until the runtime has told, what the path says.
std::string name_of(const ContainerSnapshot& container) {
  if (container.metadata && !container.metadata->name.empty()) return container.metadata->name;
  if (!container.container->match.runtime_id.empty()) return container.container->match.runtime_id.substr(0, 12);
  const std::string& path = container.container->path;
  return path.size() > 1 ? path.substr(path.rfind('/') + 1) : path;
}

void add_fact(std::string& html, const char* term, const std::string& value, const std::string& detail) {
  add(html, "<div><dt>{}</dt><dd>{} <small>{}</small></dd></div>\n", term, value, detail);
}

void add_host(std::string& html, const Snapshot& snapshot, const HostRates& rates) {
  const model::HostReading& host = snapshot.host;
  html += "<dl class=\"facts\">\n";

  double busy = 0;
  double steal = 0;
  for (const HostRates::Cpu& cpu : rates.cpus) {
    busy += cpu.busy;
    steal += cpu.steal;
  }
  const auto measured = rates.cpus.empty() ? std::nullopt : std::optional(busy);
  std::string of = host.topology.cpus ? fmt::format("of {} cpus", *host.topology.cpus) : "cpus";
  if (host.topology.smt.value_or(false) && host.topology.physical_cores)
    of += fmt::format(" ({} cores, SMT)", *host.topology.physical_cores);
  if (steal >= 0.005) of += fmt::format(", {:.2f} stolen", steal);
  add_fact(html, "CPU busy", shown(measured, [](double cpus) { return fmt::format("{:.2f}", cpus); }), of);

  const auto total = host.values.get(HostField::MemoryTotal);
  const auto available = host.values.get(HostField::MemoryAvailable);
  if (total && available && *available <= *total)
    add_fact(html, "Memory used", bytes(static_cast<double>(*total - *available)),
             "of " + bytes(static_cast<double>(*total)));
  const auto swap = host.values.get(HostField::SwapTotal);
  const auto swap_free = host.values.get(HostField::SwapFree);
  if (swap && swap_free && *swap > 0 && *swap_free <= *swap)
    add_fact(html, "Swap used", bytes(static_cast<double>(*swap - *swap_free)),
             "of " + bytes(static_cast<double>(*swap)));
  if (host.load)
    add_fact(html, "Load", fmt::format("{:.2f}", host.load->one),
             fmt::format("{:.2f} · {:.2f}", host.load->five, host.load->fifteen));
  // Pressure, "some".
  add_fact(html, "Waiting for CPU", shown(rates.cpu_pressure, percent), "of the time");
  add_fact(html, "Waiting for memory", shown(rates.memory_pressure, percent), "");
  add_fact(html, "Waiting for IO", shown(rates.io_pressure, percent), "");
  html += "</dl>\n";

  if (rates.cpus.empty()) return;
  html += "<div class=\"cpus\" role=\"img\" aria-label=\"how busy each cpu is\">\n";
  for (const HostRates::Cpu& cpu : rates.cpus)
    add(html, "<i style=\"--v:{:.0f}%\" title=\"cpu {}: {} busy\"></i>\n", cpu.busy * 100, cpu.cpu, percent(cpu.busy));
  html += "</div>\n";
}

void add_states(std::string& html, const Snapshot& snapshot) {
  std::string failing;
  for (const model::CollectorStatus& status : snapshot.collectors)
    if (!status.success) failing += (failing.empty() ? "" : ", ") + base::escape_markup(status.collector);
  if (snapshot.states.empty() && failing.empty()) return;
  html +=
      "<h2 id=\"missing\">What is missing <span>see also <code>benchd doctor</code></span></h2>\n<ul "
      "class=\"states\">\n";
  if (!failing.empty()) add(html, "<li><b>Collectors without success:</b> {}</li>\n", failing);
  for (const model::State& state : snapshot.states) {
    add(html, "<li><b>{}:</b> {}. <span class=\"soft\">{}</span>", base::escape_markup(state.subject),
        base::escape_markup(state.found), base::escape_markup(state.cost));
    if (!state.cure.empty()) add(html, "<br><code>{}</code>", base::escape_markup(state.cure));
    html += "</li>\n";
  }
  html += "</ul>\n";
}

std::string cpu_cell(const ContainerRates& rates, size_t host_cpus) {
  if (!rates.cpus) return kAbsent;
  const double share = std::clamp(*rates.cpus / static_cast<double>(std::max<size_t>(host_cpus, 1)), 0.0, 1.0);
  return fmt::format("<span class=\"meter\" style=\"--v:{:.0f}%\">{}</span>", share * 100, percent(*rates.cpus));
}

std::string memory_cell(const ContainerSnapshot& container) {
  const auto as_bytes = [&](Field field) { return shown(container.reading.values.get(field), bytes); };
  const auto limit = container.reading.values.get(Field::MemoryMax);
  std::string cell = pair(as_bytes(Field::MemoryCurrent), as_bytes(Field::MemoryPeak));
  if (limit && *limit != model::kUnlimited) cell += "<small>limit " + bytes(static_cast<double>(*limit)) + "</small>";
  return cell;
}

std::string network_cell(const ContainerSnapshot& container, const ContainerRates& rates) {
  switch (container.reading.network_scope) {
    case model::NetworkScope::Host:
      return "<span class=\"soft\">host’s</span>";
    case model::NetworkScope::Shared:
      return "<span class=\"soft\">shared</span>";
    case model::NetworkScope::Unknown:
      return kAbsent;
    case model::NetworkScope::Own:
      break;
  }
  return pair(shown(rates.received_bytes, bytes), shown(rates.transmitted_bytes, bytes));
}

/// On a hybrid host the pids controller is cgroup v1's; then what cgroup v2 itself tells: the processes.
std::string pids_cell(const model::Reading& reading) {
  if (const auto pids = reading.values.get(Field::PidsCurrent)) return std::to_string(*pids);
  if (const auto processes = reading.values.get(Field::Processes))
    return fmt::format("<span title=\"processes: threads are not counted here\">{}</span>", *processes);
  return kAbsent;
}

/// "4 min", or for what is over "ended 3 s ago" and below it "exit 137, OOM-killed".
std::string age_cell(const ContainerSnapshot& container, const Snapshot& snapshot) {
  const model::Metadata* metadata = container.metadata.get();
  if (container.ended) {
    std::string cell = "ended " + age(to_seconds(snapshot.taken - *container.ended)) + " ago<small>";
    if (metadata != nullptr && metadata->exit_code) cell += fmt::format("exit {}", *metadata->exit_code);
    if (metadata != nullptr && metadata->oom_killed.value_or(false)) cell += ", OOM-killed";
    return cell + "</small>";
  }
  if (metadata != nullptr && metadata->started)
    return age(to_seconds(snapshot.taken + snapshot.wall_offset) - *metadata->started);
  // It may have been there before benchd.
  return "≥ " + age(to_seconds(snapshot.taken - container.container->first_seen));
}

void add_row(std::string& html, const ContainerSnapshot& container, const Snapshot& snapshot,
             const ContainerRates& rates) {
  const model::Reading& reading = container.reading;
  const std::string path = base::escape_markup(container.container->path);
  const std::string image = container.metadata ? base::escape_markup(container.metadata->image) : "";
  add(html, "<tr{}><td class=\"text\"><bdi title=\"{}\">{}</bdi>", container.ended ? " class=\"ended\"" : "", path,
      base::escape_markup(name_of(container)));
  add(html, "<small><bdi title=\"{}\">{}</bdi></small></td>", image.empty() ? path : image,
      image.empty() ? path : image);
  add(html, "<td class=\"text\">{}</td>", model::name_of(container.container->match.runtime));
  add(html, "<td>{}</td>", cpu_cell(rates, snapshot.host.cpus.size()));
  add(html, "<td>{}</td>", shown(reading.values.get(Field::CpuUsage), [](double us) { return cpu_time(us / 1e6); }));
  const bool throttled = rates.throttled.value_or(0) > 0;
  add(html, "<td{}>{}</td>", throttled ? " class=\"warn\"" : "", shown(rates.throttled, percent));
  add(html, "<td>{}</td>", memory_cell(container));
  add(html, "<td>{}</td>", pair(shown(rates.read_bytes, bytes), shown(rates.written_bytes, bytes)));
  add(html, "<td>{}</td>", network_cell(container, rates));
  add(html, "<td>{}</td>", pids_cell(reading));
  add(html, "<td>{}</td></tr>\n", age_cell(container, snapshot));
}

void add_containers(std::string& html, const Snapshot& snapshot, const Baseline* before) {
  std::vector<const ContainerSnapshot*> rows;
  for (const ContainerSnapshot& container : snapshot.containers) rows.push_back(&container);
  // By name, not by load: rows that jump about cannot be read.
  std::sort(rows.begin(), rows.end(), [](const ContainerSnapshot* a, const ContainerSnapshot* b) {
    return std::tuple(a->ended.has_value(), name_of(*a), a->container->path) <
           std::tuple(b->ended.has_value(), name_of(*b), b->container->path);
  });
  const auto running = std::count_if(rows.begin(), rows.end(), [](const auto* row) { return !row->ended; });
  add(html, "<h2>Containers <span>{} running", running);
  if (const auto ended = static_cast<int64_t>(rows.size()) - running; ended > 0) add(html, ", {} ended", ended);
  if (!snapshot.states.empty())
    add(html, ", <a class=\"warn\" href=\"#missing\">what is missing here ({})</a>", snapshot.states.size());
  html += "</span></h2>\n<div class=\"scroll\">";
  if (rows.empty()) {
    html +=
        "<p class=\"empty\">No container yet. Start one, or name cgroups with "
        "<code>--collector.cgroup.include=GLOB</code>.</p></div>\n";
    return;
  }
  html +=
      "<table><thead><tr><th class=\"text\">Name, image<th class=\"text\">Runtime"
      "<th title=\"100 % = one cpu\">CPU<th title=\"since it started\">CPU time"
      "<th title=\"share of the quota’s periods in which it was used up\">Throttled<th>Memory / peak"
      "<th title=\"summed over block devices\">Read / written per s<th>Received / sent per s"
      "<th title=\"threads count too, as in pids.current\">Pids<th>Age</tr></thead><tbody>\n";
  const size_t count = std::min(rows.size(), Page::kMaxRows);
  for (size_t i = 0; i < count; ++i) {
    const bool has_rates = before != nullptr && !rows[i]->ended;
    add_row(html, *rows[i], snapshot, has_rates ? before->rates(*rows[i]) : ContainerRates{});
  }
  html += "</tbody></table></div>\n";
  if (rows.size() > count)
    add(html, "<p class=\"soft\">{} more: <a href=\"api/v1/containers\">all as JSON</a>.</p>\n", rows.size() - count);
}

}  // namespace

Page::Page(std::string host_name, std::string version)
    : host_name_(std::move(host_name)), version_(std::move(version)) {}

std::string Page::render(const Snapshot& snapshot) {
  if (!newer_ || snapshot.taken - newer_->taken() >= kMinWindow) {
    older_ = std::move(newer_);
    newer_.emplace(snapshot);
  }
  const bool usable = older_ && snapshot.taken - older_->taken() <= kMaxWindow;
  const Baseline* before = usable ? &*older_ : nullptr;

  std::string html;
  html.reserve(kStyle.size() + kScript.size() + 4096 + std::min(snapshot.containers.size(), kMaxRows) * 900);
  add(html,
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<title>{0} · benchd</title><link rel=\"icon\" href=\"data:,\">"
      "<noscript><meta http-equiv=\"refresh\" content=\"3\"></noscript><style>{1}</style></head><body>\n"
      "<header><h1>{0}</h1><span id=\"lost\">no answer from benchd, trying again</span>"
      "<nav><a href=\"metrics\">metrics</a><a href=\"api/v1/containers\">containers as JSON</a>"
      "<a href=\"-/healthy\">healthy</a><a href=\"-/ready\">ready</a></nav></header>\n<main>\n",
      base::escape_markup(host_name_), kStyle);
  add_host(html, snapshot, before != nullptr ? before->rates(snapshot.host) : HostRates{});
  add_containers(html, snapshot, before);
  add_states(html, snapshot);
  add(html, "<p class=\"soft\">As of {}. ", utc(snapshot.taken + snapshot.wall_offset));
  if (before != nullptr) {
    add(html, "Rates over the last {:.1f} s.", to_seconds(snapshot.taken - before->taken()));
  } else {
    html += "Rates with the next view.";
  }
  add(html, "</p>\n</main>\n<footer>benchd {}</footer>\n<script>{}</script></body></html>\n",
      base::escape_markup(version_), kScript);
  return html;
}

}  // namespace benchd::page
