#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace benchd::campaign {

/// Moves this process into a transient scope NAME.scope of the service manager (the user's own unless this is root),
/// with what is below it delegated (systemd.resource-control(5), org.freedesktop.systemd1(5) StartTransientUnit). Gives
/// the scope's path below the root of the hierarchy. What was left of one of this name is stopped first.
base::Result<std::string> enter_scope(const std::string& name, const std::string& proc);

/// Of this process alone; without a dash, which would nest it (systemd.slice(5)).
std::string slice_name(const std::string& campaign, const std::string& role);

/// Stops slices that earlier processes made for this campaign: for a container that such a one had asked for before it
/// was killed, the engine makes its slice anew.
void stop_earlier_slices(const std::string& campaign, bool of_user);

/// An empty slice that containers may be put into, with processor, memory and IO accounted for; it is stopped, and
/// what is in it killed, when this goes, or this process's scope does.
class Slice {
 public:
  /// Of the user's service manager if `of_user`, else of the system's. `scope`: the unit that it ends with; or empty.
  static base::Result<Slice> start(const std::string& name, bool of_user, const std::string& scope);
  Slice(Slice&& other) noexcept
      : name_(std::exchange(other.name_, {})), path_(std::move(other.path_)), of_user_(other.of_user_) {}
  Slice& operator=(Slice&&) = delete;
  Slice(const Slice&) = delete;
  Slice& operator=(const Slice&) = delete;
  ~Slice();

  const std::string& name() const { return name_; }
  /// Below the hierarchy's root.
  const std::string& path() const { return path_; }

 private:
  Slice(std::string name, bool of_user) : name_(std::move(name)), of_user_(of_user) {}

  std::string name_;  ///< empty: somebody else's now
  std::string path_;
  bool of_user_;
};

/// Stops a unit, of this user's service manager or the system's, and kills what is in it.
void stop_unit(const std::string& name, bool of_user);

/// PATH of the line "0::PATH" of `proc`/self/cgroup.
base::Result<std::string> own_cgroup(const std::string& proc);

}  // namespace benchd::campaign
