#include "collectors/results/results.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/file.h"
#include "base/text.h"
#include "collectors/results/formats.h"

namespace benchd::results {
namespace {

base::Result<Results> parse_json(std::string_view text, const std::string& file) {
  const auto document = JsonDocument::parse(text, file);
  if (!document.ok()) return document.error();
  if (document->root().contains("results")) return parse_hyperfine(*document);
  if (document->root().contains("benchmarks")) return parse_pyperf(*document);
  return document->error(JsonDocument::Pointer(),
                         "expected hyperfine's JSON (\"results\") or pyperf's (\"benchmarks\")");
}

std::string stem(const std::string& path) {
  return std::filesystem::path(path).stem().string();
}

/// Gives variants that files call the same the files' names.
base::Result<base::Done> tell_apart(std::vector<FileResults>& files) {
  std::map<std::string, const FileResults*> owners;
  const FileResults* first = nullptr;
  const FileResults* second = nullptr;
  std::string shared;
  for (const FileResults& file : files) {
    for (const std::string& name : file.results.variants) {
      const auto [owner, added] = owners.try_emplace(name, &file);
      if (added || first != nullptr) continue;
      first = owner->second;
      second = &file;
      shared = name;
    }
  }
  if (first == nullptr) return base::Done{};
  std::set<std::string> stems;
  bool possible = true;
  for (const FileResults& file : files)
    possible &= file.results.variants.size() == 1 && stems.insert(stem(file.path)).second;
  if (!possible)
    return base::Error{0, "variant \"" + shared + "\" is both in " + first->path + " and in " + second->path +
                              ": give each its own name"};
  for (FileResults& file : files) file.results.variants = {stem(file.path)};
  return base::Done{};
}

}  // namespace

std::string objection(const nlohmann::json& value) {
  if (!value.is_number()) return "found " + std::string(value.type_name()) + ", expected a number";
  if (value.get<double>() < 0) return "found " + value.dump() + ": a measure is not negative";
  return "";
}

uint32_t variant_index(Results& results, const std::string& name) {
  const auto found = std::find(results.variants.begin(), results.variants.end(), name);
  const auto index = static_cast<uint32_t>(found - results.variants.begin());
  if (found == results.variants.end()) results.variants.push_back(name);
  return index;
}

base::Result<Results> parse(std::string_view text, const std::string& file) {
  if (text.starts_with("\x1f\x8b")) return base::Error{0, file + ": the file is compressed: gunzip it first"};
  const std::string_view begin = base::trim(text.substr(0, 4096));
  return begin.starts_with('{') || begin.starts_with('[') ? parse_json(text, file) : parse_csv(text, file);
}

base::Result<Results> merge(std::vector<FileResults> files) {
  if (const auto apart = tell_apart(files); !apart.ok()) return apart.error();
  Results merged = std::move(files.front().results);
  for (auto file = files.begin() + 1; file != files.end(); ++file) {
    std::erase_if(merged.measures, [&file](model::Measure measure) {
      const auto& others = file->results.measures;
      return std::find(others.begin(), others.end(), measure) == others.end();
    });
    const auto offset = static_cast<uint32_t>(merged.variants.size());
    for (model::Run& run : file->results.runs) {
      run.variant += offset;
      merged.runs.push_back(std::move(run));
    }
    merged.variants.insert(merged.variants.end(), file->results.variants.begin(), file->results.variants.end());
  }
  if (merged.measures.empty()) return base::Error{0, "the files have no measure in common"};
  if (merged.variants.size() > kMostVariants)
    return base::Error{0, "more than " + std::to_string(kMostVariants) + " variants"};
  return merged;
}

base::Result<Results> read(const std::vector<std::string>& paths) {
  std::vector<FileResults> files;
  for (const std::string& path : paths) {
    const auto text = base::read_text(path);
    if (!text.ok()) return text.error();
    auto results = parse(*text, path);
    if (!results.ok()) return results.error();
    files.push_back({path, std::move(*results)});
  }
  return merge(std::move(files));
}

}  // namespace benchd::results
