#include "collectors/tasks/logs/siblings.h"

#include <algorithm>
#include <compare>
#include <memory>
#include <optional>

#include <dirent.h>

#include "base/text.h"

namespace benchd::logs {
namespace {

constexpr size_t kLongestNumber = 4;

/// Sorts from the oldest to the newest.
struct Age {
  enum class Kind { Dated, Numbered, Current } kind = Kind::Current;
  std::string date;   ///< its digits
  int from_last = 0;  ///< minus the number
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 means the 0 that a rewritten < compares with
  friend auto operator<=>(const Age&, const Age&) = default;
};

/// What stands between: ".1", "-20250101", ".2025-01-02T03-04-05.000".
std::optional<Age> age_of(std::string_view between) {
  if (between.size() < 2 || std::string_view(".-_").find(between.front()) == std::string_view::npos)
    return std::nullopt;
  // worker-2.log is no older worker.log.
  const bool may_be_number = between.front() == '.';
  between.remove_prefix(1);
  if (between.find_first_not_of("0123456789-_.:T") != std::string_view::npos) return std::nullopt;
  if (const auto number = base::parse_integer<int>(between);
      number && may_be_number && between.size() <= kLongestNumber)
    return Age{.kind = Age::Kind::Numbered, .date = {}, .from_last = -*number};
  Age age{.kind = Age::Kind::Dated};
  for (const char character : between)
    if (character >= '0' && character <= '9') age.date += character;
  if (age.date.size() <= kLongestNumber) return std::nullopt;
  return age;
}

std::optional<Age> age_among(std::string_view log, std::string_view name) {
  if (name == log) return Age{};
  if (name.starts_with(log)) return age_of(name.substr(log.size()));
  const size_t dot = log.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  const std::string_view stem = log.substr(0, dot);
  const std::string_view ending = log.substr(dot);
  if (name.size() <= log.size() || !name.starts_with(stem) || !name.ends_with(ending)) return std::nullopt;
  return age_of(name.substr(stem.size(), name.size() - log.size()));
}

}  // namespace

std::vector<Sibling> siblings_of(std::string_view log, const std::vector<std::string>& names) {
  struct Found {
    Age age;
    Sibling sibling;
  };
  std::vector<Found> found;
  for (const std::string& name : names) {
    std::string_view plain = name;
    const bool compressed = plain.ends_with(".gz") && plain != log;
    if (compressed) plain.remove_suffix(3);
    if (const auto age = age_among(log, plain); age && !(compressed && age->kind == Age::Kind::Current))
      found.push_back({*age, {name, compressed}});
  }
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    if (a.age != b.age) return a.age < b.age;
    return a.sibling.compressed < b.sibling.compressed;
  });
  std::vector<Sibling> siblings;
  for (size_t i = 0; i < found.size(); ++i)
    if (i == 0 || found[i].age != found[i - 1].age) siblings.push_back(std::move(found[i].sibling));
  return siblings;
}

std::vector<std::string> names_in(base::Fd folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(folder.get()), &::closedir);
  if (!directory) return names;
  folder.release();  // the directory closes it
  while (const dirent* entry = ::readdir(directory.get())) names.emplace_back(entry->d_name);
  return names;
}

}  // namespace benchd::logs
