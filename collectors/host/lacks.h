#pragma once

#include <bitset>
#include <cerrno>
#include <cstdint>
#include <vector>

#include "model/status.h"

namespace benchd::host {

/// What a host may lack of the things read here.
enum class Lack : uint8_t {
  CpuTimes,
  Memory,
  PagingEvents,
  Disks,
  Interfaces,
  Pressure,
  IrqPressure,
  Frequency,
  ThermalThrottling,
  Interrupts,
  SoftIrqs,
  Filesystems,
};
inline constexpr size_t kLackCount = 12;

class Lacks {
 public:
  /// `error` is why: where no file was left to open it with, that is what a person has to mend.
  void set(Lack what, bool lacking, int error = 0) {
    lacking_.set(static_cast<size_t>(what), lacking);
    starved_.set(static_cast<size_t>(what), lacking && (error == EMFILE || error == ENFILE));
  }
  bool has(Lack what) const { return lacking_[static_cast<size_t>(what)]; }
  bool is_for_want_of_files(Lack what) const { return starved_[static_cast<size_t>(what)]; }

  friend bool operator==(const Lacks&, const Lacks&) = default;

 private:
  std::bitset<kLackCount> lacking_;
  std::bitset<kLackCount> starved_;
};

/// The same as states for a person.
void describe(const Lacks& lacks, std::vector<model::State>& states);

}  // namespace benchd::host
