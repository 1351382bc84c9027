#include "exporters/prometheus/renderer.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "exporters/prometheus/catalogue.h"
#include "exporters/prometheus/label_text.h"
#include "exporters/prometheus/open_metrics.h"
#include "exporters/prometheus/own_text.h"

namespace benchd::exposition {

/// The lines above a family's series.
struct Renderer::Header {
  std::string text;
  std::string open_metrics;
};

/// The labels of one container, ready to be copied: "{id=\"…\",name=\"…\"" without the closing brace. Holds the objects
/// that they were made from, so that the same address means the same object.
struct Renderer::Identity {
  std::shared_ptr<const model::Container> of;
  std::shared_ptr<const model::Metadata> metadata;
  bool ended = false;
  bool shown = true;
  std::string container;
  std::string drop_in;
  std::string info;

  const std::string& labels(Subject subject) const {
    return subject == Subject::DropIn ? drop_in : subject == Subject::Info ? info : container;
  }
};

/// The same of a workload.
struct Renderer::WorkloadIdentity {
  std::shared_ptr<const model::Workload> of;
  std::string labels;
};

namespace {

/// Writes over a string, whose old length is room, and cuts it where the writing ends: no byte is cleared before it is
/// written.
class Page {
 public:
  explicit Page(std::string& out) : out_(out) {}

  void put(std::string_view text) { used_ += text.copy(room(text.size()), text.size()); }

  /// Where the next `bytes` may be written; taken() says how many were.
  char* room(size_t bytes) {
    if (out_.size() - used_ < bytes) {
      // A little at a time: what is added is cleared first. The string doubles its capacity where it must.
      constexpr size_t kStep = 4096;
      out_.resize(used_ + bytes + kStep + out_.size() / 16);
    }
    return out_.data() + used_;
  }
  void taken(const char* end) { used_ = static_cast<size_t>(end - out_.data()); }

  size_t used() const { return used_; }
  void cut(size_t length) { used_ = length; }
  void finish() { out_.resize(used_); }

 private:
  std::string& out_;
  size_t used_ = 0;
};

char* write(char* out, std::string_view text) {
  return out + text.copy(out, text.size());
}

/// Writes the series of one family. Room is made once for each line.
class SeriesWriter final : public SampleSink {
 public:
  SeriesWriter(Page& page, std::string_view name, Format format) : page_(page), name_(name), format_(format) {}

  /// "{id=…,name=…" of the container whose samples come next.
  void begin(std::string_view subject) { subject_ = subject; }

  void add(std::string_view suffix, Number value, std::span<const Label> labels) override {
    constexpr size_t kPunctuation = sizeof R"({=".0" }\n)";
    constexpr size_t kLongestEscape = 3;  // U+FFFD for one byte
    size_t bytes = name_.size() + suffix.size() + subject_.size() + Number::kMaxLength + kPunctuation;
    for (const Label& label : labels) bytes += label.name.size() + label.value.size() * kLongestEscape + kPunctuation;

    char* out = write(write(write(page_.room(bytes), name_), suffix), subject_);
    bool braces = !subject_.empty();
    for (const Label& label : labels) {
      *out++ = braces ? ',' : '{';
      braces = true;
      out = write(write(out, label.name), "=\"");
      out = write_value(out, label.value);
      if (format_ == Format::OpenMetrics && suffix == "_bucket" && is_whole_bound(label)) out = write(out, ".0");
      *out++ = '"';
    }
    if (braces) *out++ = '}';
    *out++ = ' ';
    out = value.write(out);
    *out++ = '\n';
    page_.taken(out);
  }

 private:
  /// In OpenMetrics a bucket's bound is "1.0".
  static bool is_whole_bound(const Label& label) {
    return label.name == "le" && label.value.find_first_not_of("0123456789") == std::string_view::npos;
  }

  static char* write_value(char* out, std::string_view value) {
    const bool plain = std::none_of(value.begin(), value.end(), [](char c) {
      return c == '\\' || c == '"' || c == '\n' || static_cast<unsigned char>(c) >= 0x80;
    });
    if (plain) return write(out, value);
    std::string escaped;
    append_label_value(escaped, value);
    return write(out, escaped);
  }

  Page& page_;
  const std::string_view name_;
  const Format format_;
  std::string_view subject_;
};

/// "{id=\"…\",name=\"…\"", without the closing brace.
std::string label_text(const std::vector<SubjectLabel>& labels) {
  std::string out;
  for (const SubjectLabel& label : labels) {
    out.append(out.empty() ? "{" : ",").append(label.name).append("=\"");
    append_label_value(out, label.value);
    out += '"';
  }
  return out;
}

/// Whose tasks no container's are.
constexpr std::string_view kHostAsContainer = R"({id="/",name="")";

std::string text_header(const Family& family) {
  std::string out = "# HELP " + family.name + " " + family.help + "\n# TYPE " + family.name + " ";
  return out.append(name_of(family.type)) + "\n";
}

}  // namespace

std::string_view content_type(Format format) {
  return format == Format::Text ? "text/plain; version=0.0.4; charset=utf-8"
                                : "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

Renderer::Renderer() {
  for (const Family& family : catalogue()) headers_.push_back({text_header(family), open_metrics_header(family)});
}

Renderer::~Renderer() = default;

void Renderer::identify(const model::Snapshot& snapshot) {
  bool changed = identities_.size() != snapshot.containers.size();
  identities_.resize(snapshot.containers.size());
  for (size_t i = 0; i < identities_.size(); ++i) {
    Identity& identity = identities_[i];
    const model::ContainerSnapshot& it = snapshot.containers[i];
    changed |= identity.ended != it.ended.has_value();
    identity.ended = it.ended.has_value();
    if (identity.of == it.container && identity.metadata == it.metadata) continue;
    changed = true;
    identity.of = it.container;
    identity.metadata = it.metadata;
    identity.container = label_text(subject_labels(Subject::Container, it));
    identity.drop_in = label_text(subject_labels(Subject::DropIn, it));
    identity.info = label_text(subject_labels(Subject::Info, it));
  }
  if (changed) choose_owners();
}

void Renderer::identify_workloads(const model::Snapshot& snapshot) {
  workloads_.resize(snapshot.workloads.size());
  for (size_t i = 0; i < workloads_.size(); ++i) {
    if (workloads_[i].of == snapshot.workloads[i].workload) continue;
    workloads_[i].of = snapshot.workloads[i].workload;
    workloads_[i].labels = label_text(subject_labels(*workloads_[i].of));
  }
}

/// Two containers of one path (a finished one and its successor), and paths that differ only in bytes that became
/// U+FFFD, have the same id. The name does not tell them apart for sure, so the id alone decides.
void Renderer::choose_owners() {
  std::vector<std::string> ids(identities_.size());
  for (size_t i = 0; i < ids.size(); ++i) append_label_value(ids[i], identities_[i].of->path);
  std::vector<size_t> order(ids.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto rank = [&](size_t i) {
    return std::tuple(std::string_view(ids[i]), identities_[i].ended, -identities_[i].of->first_seen);
  };
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return rank(a) < rank(b); });
  hidden_ = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const bool shown = i == 0 || ids[order[i]] != ids[order[i - 1]];
    identities_[order[i]].shown = shown;
    if (!shown) ++hidden_;
  }
}

void Renderer::render(const model::Snapshot& snapshot, base::Instant now,
                      const std::vector<::prometheus::MetricFamily>& own, Format format, std::string& out) {
  identify(snapshot);
  identify_workloads(snapshot);
  Page page(out);
  const std::vector<Family>& families = catalogue();
  for (size_t i = 0; i < families.size(); ++i) {
    const Family& family = families[i];
    const size_t start = page.used();
    page.put(format == Format::Text ? headers_[i].text : headers_[i].open_metrics);
    const size_t series = page.used();
    SeriesWriter writer(page, family.name, format);
    if (family.subject == Subject::Host) {
      collect(family, HostView{snapshot, now, hidden_}, writer);
    } else if (family.subject == Subject::Workload) {
      for (size_t w = 0; w < workloads_.size(); ++w) {
        writer.begin(workloads_[w].labels);
        collect(family, WorkloadView{snapshot.workloads[w], snapshot}, writer);
      }
    } else {
      if (std::holds_alternative<TaskSamples>(family.samples)) {
        writer.begin(kHostAsContainer);
        collect(family, HostView{snapshot, now, hidden_}, writer);
      }
      for (size_t c = 0; c < identities_.size(); ++c) {
        if (!identities_[c].shown) continue;
        writer.begin(identities_[c].labels(family.subject));
        collect(family, ContainerView{snapshot.containers[c], snapshot}, writer);
      }
    }
    if (page.used() == series) page.cut(start);
  }
  own_text_.clear();
  append_own_families(own_text_, own, format);
  page.put(own_text_);
  if (format == Format::OpenMetrics) page.put("# EOF\n");
  page.finish();
}

}  // namespace benchd::exposition
