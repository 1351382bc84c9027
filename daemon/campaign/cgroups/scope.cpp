#include "daemon/campaign/cgroups/scope.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

namespace benchd::campaign {
namespace {

using base::Error;
using base::Result;

constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kObject = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kSliceSuffix = ".slice";
constexpr auto kPatience = std::chrono::seconds(10);

struct CloseBus {
  void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
};
struct DropMessage {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};

class BusError {
 public:
  BusError() = default;
  ~BusError() { sd_bus_error_free(&error_); }
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  sd_bus_error* get() { return &error_; }
  std::string text() const { return error_.message == nullptr ? std::string() : std::string(": ") + error_.message; }

 private:
  sd_bus_error error_ = SD_BUS_ERROR_NULL;
};

using Bus = std::unique_ptr<sd_bus, CloseBus>;

Result<Bus> open_bus(bool system) {
  sd_bus* raw = nullptr;
  const int opened = system ? sd_bus_open_system(&raw) : sd_bus_open_user(&raw);
  if (opened < 0)
    return Error{.code = -opened, .attempt = system ? "talk to systemd" : "talk to the user's service manager"};
  return Bus(raw);
}

/// A property that is a text; empty where it is not known.
std::string property(sd_bus* bus, const std::string& unit, const char* interface, const char* name) {
  char* path = nullptr;
  if (sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit.c_str(), &path) < 0) return {};
  const std::unique_ptr<char, decltype(&std::free)> keep(path, &std::free);
  char* value = nullptr;
  BusError error;
  if (sd_bus_get_property_string(bus, kService, path, interface, name, error.get(), &value) < 0) return {};
  const std::unique_ptr<char, decltype(&std::free)> keep_value(value, &std::free);
  return value;
}

/// That there is none is the usual case.
void stop(sd_bus* bus, const std::string& unit) {
  BusError error;
  sd_bus_call_method(bus, kService, kObject, kManager, "KillUnit", error.get(), nullptr, "ssi", unit.c_str(), "all", 9);
  BusError again;
  sd_bus_call_method(bus, kService, kObject, kManager, "StopUnit", again.get(), nullptr, "ss", unit.c_str(), "replace");
}

std::string without_dashes(std::string text) {
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

std::string slice_prefix(const std::string& campaign) {
  return "benchd" + without_dashes(campaign) + 'x';
}

/// ListUnitsByPatterns gives a(ssssssouso), each unit's name first.
std::vector<std::string> units_like(sd_bus* bus, const std::string& pattern) {
  std::vector<std::string> names;
  sd_bus_message* raw = nullptr;
  sd_bus_message_new_method_call(bus, &raw, kService, kObject, kManager, "ListUnitsByPatterns");
  const std::unique_ptr<sd_bus_message, DropMessage> call(raw);
  if (raw == nullptr || sd_bus_message_append(raw, "asas", 0, 1, pattern.c_str()) < 0) return names;
  BusError error;
  sd_bus_message* told = nullptr;
  if (sd_bus_call(bus, raw, 0, error.get(), &told) < 0) return names;
  const std::unique_ptr<sd_bus_message, DropMessage> answer(told);
  if (sd_bus_message_enter_container(told, 'a', "(ssssssouso)") < 0) return names;
  while (sd_bus_message_enter_container(told, 'r', "ssssssouso") > 0) {
    const char* name = nullptr;
    if (sd_bus_message_read(told, "s", &name) < 0 || sd_bus_message_skip(told, "sssssouso") < 0 ||
        sd_bus_message_exit_container(told) < 0)
      break;
    names.emplace_back(name);
  }
  return names;
}

/// StartTransientUnit, with the properties that `add` appends.
template <class Add>
int start_unit(sd_bus* bus, const std::string& unit, BusError& error, Add add_properties) {
  sd_bus_message* raw = nullptr;
  int failed = sd_bus_message_new_method_call(bus, &raw, kService, kObject, kManager, "StartTransientUnit");
  const std::unique_ptr<sd_bus_message, DropMessage> call(raw);
  const auto add = [&](int result) {
    if (failed >= 0 && result < 0) failed = result;
  };
  add(sd_bus_message_append(raw, "ss", unit.c_str(), "fail"));
  add(sd_bus_message_open_container(raw, 'a', "(sv)"));
  add_properties(raw, add);
  add(sd_bus_message_close_container(raw));
  add(sd_bus_message_append(raw, "a(sa(sv))", 0));
  return failed < 0 ? failed : sd_bus_call(bus, raw, 0, error.get(), nullptr);
}

int start_scope(sd_bus* bus, const std::string& unit, BusError& error) {
  return start_unit(bus, unit, error, [](sd_bus_message* raw, const auto& add) {
    add(sd_bus_message_append(raw, "(sv)", "Description", "s", "runs of benchd bench"));
    add(sd_bus_message_append(raw, "(sv)", "Delegate", "b", 1));
    add(sd_bus_message_append(raw, "(sv)", "CollectMode", "s", "inactive-or-failed"));
    add(sd_bus_message_append(raw, "(sv)", "PIDs", "au", 1, static_cast<uint32_t>(::getpid())));
  });
}

int start_slice(sd_bus* bus, const std::string& unit, const std::string& scope, BusError& error) {
  return start_unit(bus, unit, error, [&](sd_bus_message* raw, const auto& add) {
    add(sd_bus_message_append(raw, "(sv)", "Description", "s", "a container of benchd bench"));
    for (const char* accounting : {"CPUAccounting", "MemoryAccounting", "IOAccounting"})
      add(sd_bus_message_append(raw, "(sv)", accounting, "b", 1));
    add(sd_bus_message_append(raw, "(sv)", "CollectMode", "s", "inactive-or-failed"));
    if (scope.empty()) return;
    add(sd_bus_message_append(raw, "(sv)", "BindsTo", "as", 1, scope.c_str()));
    add(sd_bus_message_append(raw, "(sv)", "After", "as", 1, scope.c_str()));
  });
}

}  // namespace

Result<std::string> own_cgroup(const std::string& proc) {
  const auto text = base::read_text(proc + "/self/cgroup");
  if (!text.ok()) return text.error();
  for (std::string_view rest = *text; !rest.empty();) {
    std::string_view line = base::cut(rest, '\n');
    if (!line.starts_with("0::")) continue;
    line.remove_prefix(3);
    return std::string(line);
  }
  return Error{.code = ENOENT, .attempt = "find this process's cgroup in " + proc + "/self/cgroup"};
}

Result<std::string> enter_scope(const std::string& name, const std::string& proc) {
  auto bus = open_bus(::geteuid() == 0);
  if (!bus.ok()) return bus.error();
  sd_bus* const raw = bus->get();
  const std::string unit = name + ".scope";
  const auto end = std::chrono::steady_clock::now() + kPatience;
  stop(raw, unit);
  for (;;) {
    BusError error;
    const int started = start_scope(raw, unit, error);
    if (started >= 0) break;
    // The one of before takes a moment to go.
    if (started != -EEXIST || std::chrono::steady_clock::now() > end)
      return Error{.code = -started, .attempt = "start " + unit + error.text()};
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  while (std::chrono::steady_clock::now() < end) {
    auto path = own_cgroup(proc);
    if (!path.ok() || path->ends_with('/' + unit)) return path;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return Error{.code = ETIMEDOUT, .attempt = "be moved to " + unit};
}

Result<Slice> Slice::start(const std::string& name, bool of_user, const std::string& scope) {
  const auto bus = open_bus(!of_user);
  if (!bus.ok()) return bus.error();
  const auto end = std::chrono::steady_clock::now() + kPatience;
  const auto out_of_time = [&] { return std::chrono::steady_clock::now() > end; };
  for (bool stopped = false;; stopped = true) {
    BusError error;
    const int started = start_slice(bus->get(), name, scope, error);
    if (started >= 0) break;
    if (started != -EEXIST || out_of_time()) return Error{.code = -started, .attempt = "start " + name + error.text()};
    if (!stopped) stop(bus->get(), name);  // of an earlier process
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  Slice slice(name, of_user);
  while (property(bus->get(), name, "org.freedesktop.systemd1.Unit", "ActiveState") != "active") {
    if (out_of_time()) return Error{.code = ETIMEDOUT, .attempt = "start " + name};
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  slice.path_ = property(bus->get(), name, "org.freedesktop.systemd1.Slice", "ControlGroup");
  if (slice.path_.empty()) return Error{.code = ENOENT, .attempt = "find the cgroup of " + name};
  return slice;
}

std::string slice_name(const std::string& campaign, const std::string& role) {
  return slice_prefix(campaign) + without_dashes(role) + 'x' + std::to_string(::getpid()) + kSliceSuffix;
}

void stop_earlier_slices(const std::string& campaign, bool of_user) {
  const auto bus = open_bus(!of_user);
  if (!bus.ok()) return;
  const std::string own = 'x' + std::to_string(::getpid()) + kSliceSuffix;
  for (const std::string& unit : units_like(bus->get(), slice_prefix(campaign) + '*' + kSliceSuffix))
    if (!unit.ends_with(own)) stop(bus->get(), unit);
}

Slice::~Slice() {
  if (!name_.empty()) stop_unit(name_, of_user_);
}

void stop_unit(const std::string& name, bool of_user) {
  if (const auto bus = open_bus(!of_user); bus.ok()) stop(bus->get(), name);
}

}  // namespace benchd::campaign
