#include "daemon/campaign/progress.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace benchd::campaign {

std::string rough_time(int64_t nanoseconds) {
  const int64_t seconds = (nanoseconds + base::kSecond - 1) / base::kSecond;
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
}

Progress::Progress(const std::vector<Start>& plan, const std::vector<std::string>& names, Options options)
    : plan_(plan), names_(names), options_(std::move(options)), spent_(names.size()), last_line_(options_.clock()) {}

/// What is left, each variant as long as it took so far. Nothing while a variant has not run.
std::string Progress::left() const {
  std::vector<double> each;
  for (const auto& [time, starts] : spent_) {
    if (starts == 0) return {};
    each.push_back(static_cast<double>(time) / static_cast<double>(starts));
  }
  double sum = 0;
  for (uint64_t i = done_; i < plan_.size(); ++i) sum += each[plan_[i].variant];
  return ", " + rough_time(static_cast<int64_t>(sum)) + " left";
}

std::string Progress::line(const Start& start) const {
  const uint64_t blocks = plan_.empty() || !plan_.back().block ? 0 : *plan_.back().block + 1;
  std::string text = start.block ? fmt::format("block {}/{}", *start.block + 1, blocks) : std::string("warm-up");
  text += fmt::format(" · run {}/{}", std::min<uint64_t>(done_ + 1, plan_.size()), plan_.size());
  if (failed_ > 0) text += fmt::format(" · {} failed", failed_);
  return text + left();
}

void Progress::begins(const Start& start) {
  began_ = options_.clock();
  if (!options_.terminal) return;
  // A terminal that is written to at every run of a millisecond is a load of its own.
  if (shown_ && began_ - last_line_ < base::kSecond / 10) return;
  last_line_ = began_;
  std::string text = line(start) + " · " + names_[start.variant];
  if (options_.width > 0 && text.size() >= options_.width) text = line(start).substr(0, options_.width - 1);
  options_.write("\r\033[K" + text);
  shown_ = true;
}

void Progress::ends(const Start& start, bool failed) {
  const base::Instant now = options_.clock();
  spent_[start.variant].first += now - began_;
  ++spent_[start.variant].second;
  ++done_;
  failed_ += failed ? 1 : 0;
  const bool block_ends = done_ >= plan_.size() || plan_[done_].block != start.block;
  if (options_.terminal || !block_ends || done_ >= plan_.size() || now - last_line_ < options_.quiet) return;
  last_line_ = now;
  options_.write(line(start) + '\n');
}

void Progress::clear() {
  if (shown_) options_.write("\r\033[K");
  shown_ = false;
}

}  // namespace benchd::campaign
