#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace benchd::model {

/// One value per enumerator of `FieldEnum`, each absent until set. In the kernel's own unit, which the field's row in
/// its table says.
template <class FieldEnum, size_t kCount>
class Values {
 public:
  using Set = std::bitset<kCount>;  ///< of fields, by enumerator

  std::optional<uint64_t> get(FieldEnum field) const {
    const auto i = static_cast<size_t>(field);
    return present_[i] ? std::optional(values_[i]) : std::nullopt;
  }
  bool has(FieldEnum field) const { return present_[static_cast<size_t>(field)]; }
  void set(FieldEnum field, uint64_t value) {
    values_[static_cast<size_t>(field)] = value;
    present_.set(static_cast<size_t>(field));
  }
  void clear(FieldEnum field) { present_.reset(static_cast<size_t>(field)); }
  void clear(const Set& fields) { present_ &= ~fields; }

  friend bool operator==(const Values&, const Values&) = default;

 private:
  std::array<uint64_t, kCount> values_{};
  Set present_;
};

}  // namespace benchd::model
