#include "collectors/tasks/rules/yaml_document.h"

#include <sstream>

#include <yaml-cpp/eventhandler.h>

#include "base/text.h"

namespace benchd::rules {
namespace {

using base::Error;
using base::Result;

/// Counts nothing, keeps nothing: YAML::Parser wants somebody to talk to.
class Nobody : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnScalar(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& /*value*/) override {}
  void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {}
  void OnMapEnd() override {}
};

}  // namespace

Result<YAML::Node> load_yaml(const std::string& text, const std::string& name) {
  if (base::to_utf8(text) != text) return Error{.attempt = name + ": not UTF-8"};
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    Nobody nobody;
    if (!parser.HandleNextDocument(nobody)) return YAML::Node();
    if (parser.HandleNextDocument(nobody)) {
      return Error{.attempt = name + ": expected one YAML document, found several"};
    }
    return YAML::Load(text);
  } catch (const YAML::Exception& exception) {
    return Error{.attempt = name + ":" + std::to_string(exception.mark.line + 1) + ": not YAML: " + exception.msg};
  }
}

}  // namespace benchd::rules
