#pragma once

#include <cstddef>
#include <random>
#include <string>

#include "model/snapshot.h"

/// Snapshots for tests of what is made from them.
namespace benchd::test {

/// A label, name or path that is meant to break a format: quotes, backslashes, newlines, bytes that are no UTF-8.
std::string hostile_text(std::mt19937_64& random);

/// Anything that the types allow: absent fields, unlimited limits, finished and nameless containers, hostile texts,
/// numbers of every size. Paths are unique.
model::Snapshot random_snapshot(std::mt19937_64& random, size_t containers);

/// A busy host with everything present: each container named, labelled, with all fields, a disk and an interface.
model::Snapshot full_snapshot(size_t containers);

/// Lets time pass: `share` of all counters and gauges of the containers change.
void advance(model::Snapshot& snapshot, std::mt19937_64& random, double share);

}  // namespace benchd::test
