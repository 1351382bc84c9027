#include "analysis/comparison/blocks.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace benchd::analysis {
namespace {

/// The block that a host is in.
struct Open {
  uint64_t number = 0;
  std::vector<bool> has;
  size_t count = 0;
};

/// One variant's values so far.
struct Sequence {
  size_t count = 0;
  double last = 0;
  bool rises = false;
  bool falls = false;
};

}  // namespace

bool looks_sorted(std::span<const model::Run> runs, size_t variants, model::Measure measure) {
  std::vector<Sequence> sequences(variants);
  for (const model::Run& run : runs) {
    const auto value = run.values[measure];
    if (!value) continue;
    Sequence& sequence = sequences[run.variant];
    if (sequence.count++ > 0) {
      sequence.rises |= *value > sequence.last;
      sequence.falls |= *value < sequence.last;
    }
    sequence.last = *value;
  }
  return std::any_of(sequences.begin(), sequences.end(), [](const Sequence& sequence) {
    return sequence.count >= kSorted && sequence.rises != sequence.falls;
  });
}

std::vector<uint64_t> blocks_in_order(std::span<const model::Run> runs, size_t variants) {
  std::vector<uint64_t> blocks;
  std::unordered_map<std::string_view, Open> open;
  uint64_t begun = 0, in_complete = 0;
  for (const model::Run& run : runs) {
    const auto [at, first] = open.try_emplace(run.host);
    Open& block = at->second;
    if (first || block.has[run.variant]) block = {begun++, std::vector<bool>(variants), 0};
    block.has[run.variant] = true;
    if (++block.count == variants) in_complete += variants;
    blocks.push_back(block.number);
  }
  if (static_cast<double>(in_complete) < kAlternating * static_cast<double>(runs.size())) blocks.clear();
  return blocks;
}

}  // namespace benchd::analysis
