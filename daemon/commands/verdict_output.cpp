#include "daemon/commands/verdict_output.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include <sys/ioctl.h>
#include <unistd.h>

#include "analysis/comparison/run_values.h"
#include "base/text.h"
#include "daemon/commands/commands.h"
#include "exporters/report/data.h"
#include "exporters/report/html.h"
#include "exporters/report/table.h"
#include "exporters/report/words.h"

namespace benchd::daemon {
namespace {

using base::Done;
using base::Result;

report::Style terminal_style() {
  if (::isatty(STDOUT_FILENO) == 0) return {};
  report::Style style;
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  style.color =
      (no_color == nullptr || *no_color == '\0') && terminal != nullptr && std::string_view(terminal) != "dumb";
  style.width = terminal_width(STDOUT_FILENO);
  return style;
}

std::string formatted(const model::ComparisonSet& set, const std::string& format) {
  if (format == "json") return report::as_json(set);
  if (format == "csv") return report::as_csv(set);
  return format == "md" ? report::as_markdown(set) : report::as_text(set, terminal_style());
}

Result<Done> write_plots(const report::Evidence& evidence, const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  for (const report::Plot& plot : report::plots(evidence)) {
    const std::string path = directory + "/" + plot.name + ".svg";
    std::ofstream file(path, std::ios::binary);
    file << report::as_file(plot) << std::flush;
    if (!file.good()) return base::errno_error("write " + path);
  }
  return Done{};
}

}  // namespace

size_t terminal_width(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

base::Error bad_flag(const std::string& flag, const std::string& found, const std::string& allowed) {
  return {0, flag + ": found \"" + found + "\", " + allowed};
}

Result<double> threshold_of(const std::string& text) {
  const auto share = base::parse_share(text);
  if (share && *share > 0 && *share <= 10) return *share;
  return bad_flag("--threshold", text, "expected a share above 0 and up to 1000%, such as 3% or 0.03");
}

Result<double> confidence_of(const std::string& text) {
  const auto share = base::parse_share(text);
  if (share && *share >= 0.5 && *share <= 0.9999) return *share;
  return bad_flag("--confidence", text, "expected a share from 50% to 99.99%, such as 95% or 0.95");
}

std::shared_ptr<const std::vector<std::string>> add_fail_on(CLI::App& command) {
  const auto chosen = std::make_shared<std::vector<std::string>>();
  command.add_option("--fail-on", *chosen, "exit code 1 for these: slower, inconclusive, failed")
      ->delimiter(',')
      ->allow_extra_args(false)  // what comes behind it is a command
      ->check(CLI::IsMember({"slower", "inconclusive", "failed"}));
  return chosen;
}

report::Evidence evidence_of(model::ComparisonSet set, const std::vector<model::RunRecord>& records) {
  report::Evidence evidence{.set = std::move(set), .runs = {}, .records = {}};
  for (const model::RunRecord& record : records) {
    const auto run = analysis::run_of(record, evidence.set.experiment);
    if (!run) continue;
    evidence.runs.push_back(*run);
    evidence.records.push_back(record);
  }
  return evidence;
}

const std::vector<std::string>& verdict_formats() {
  static const std::vector<std::string> formats = {"text", "json", "md", "csv", "html"};
  return formats;
}

std::string formatted(std::span<const report::Evidence> cells, const std::string& format) {
  if (format == "html") return report::as_html(cells);
  const bool list = format == "json" && cells.size() > 1;
  std::string text;
  for (const report::Evidence& cell : cells) {
    const char* before = text.empty() ? (list ? "[" : "") : list ? "," : format == "csv" ? "" : "\n";
    std::string one = formatted(cell.set, format);
    if (format == "csv" && !text.empty()) one.erase(0, one.find('\n') + 1);  // the line of names
    text += before + one;
  }
  return list ? text + "]\n" : text;
}

std::shared_ptr<const std::string> add_plots(CLI::App& command) {
  const auto directory = std::make_shared<std::string>();
  command.add_option("--plots", *directory, "write the report's plots there, as SVG files")->type_name("DIR");
  return directory;
}

Result<Done> write_plots(std::span<const report::Evidence> cells, const std::string& directory) {
  if (cells.size() == 1) return write_plots(cells.front(), directory);
  for (size_t i = 0; i < cells.size(); ++i)
    if (auto written = write_plots(cells[i], directory + '/' + std::to_string(i + 1)); !written.ok()) return written;
  return Done{};
}

int exit_code_of(std::span<const report::Evidence> cells, const std::vector<std::string>& fail_on) {
  const std::set<std::string_view> fails(fail_on.begin(), fail_on.end());
  bool any = false, failed = false;
  for (const report::Evidence& cell : cells) {
    failed |= cell.set.baseline.failed > 0;
    for (const model::Comparison& comparison : cell.set.comparisons) {
      failed |= comparison.variant.failed > 0;
      if (!comparison.verdict) continue;
      any = true;
      if (fails.contains(name_of(*comparison.verdict))) return kExitFailure;
    }
  }
  if (failed && fails.contains("failed")) return kExitFailure;
  return any ? kExitOk : kExitUsage;
}

}  // namespace benchd::daemon
