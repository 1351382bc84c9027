#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace benchd::fuzz {

/// One thing that is given whatever comes. `check` must end, and aborts where something is wrong; the sanitizers see
/// the rest.
struct Target {
  const char* name;
  std::vector<std::string> seeds;
  std::function<void(std::string_view)> check;
};

/// Aborts with what was wrong; the input is written out by whoever called the check.
void require(bool holds, const char* what);

/// `PROGRAM [SECONDS [TARGET [SEED]]]`: gives each target, or the one named, its seeds and what dice make of them, for
/// SECONDS (1) each. The same SEED (1) rolls the same. Prints the input that was being checked when something failed.
int run(int argc, char** argv, const std::vector<Target>& targets);

}  // namespace benchd::fuzz
