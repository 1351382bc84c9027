#include "fuzz.h"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

#include <unistd.h>

namespace benchd::fuzz {
namespace {

constexpr size_t kMaxInput = 8192;

const char* target_at_work = "";
std::string input_at_work;

/// Also what the sanitizers call: both report and then abort.
void print_input(int signal) {
  std::fprintf(stderr, "fuzz: %s failed on", target_at_work);
  for (const char byte : input_at_work) std::fprintf(stderr, " %02x", static_cast<unsigned char>(byte));
  std::fputc('\n', stderr);
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  size_t roll(size_t sides) { return sides == 0 ? 0 : engine_() % sides; }

  /// Another text, not far from one of the pool.
  std::string mutate(const std::vector<std::string>& pool) {
    std::string text = pool[roll(pool.size())];
    for (size_t changes = 1 + roll(4); changes > 0; --changes) change(text, pool);
    if (text.size() > kMaxInput) text.resize(kMaxInput);
    return text;
  }

 private:
  void change(std::string& text, const std::vector<std::string>& pool) {
    const size_t at = roll(text.size() + 1);
    const size_t length = roll(std::min<size_t>(text.size() - at, 32) + 1);
    const std::string& other = pool[roll(pool.size())];
    switch (roll(7)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1U << roll(8)));
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, 1, static_cast<char>(roll(256)));
        break;
      case 3: {  // what parsers look for
        constexpr std::string_view kTelling = "\"\\{}[]:,.\n\r u0-+Z9/\0";
        text.insert(at, 1, kTelling[roll(kTelling.size())]);
        break;
      }
      case 4:
        text.insert(at, text.substr(at, length));
        break;
      case 5:
        text.replace(at, std::string::npos, other, roll(other.size() + 1), std::string::npos);
        break;
      default:
        text.insert(at, std::string(roll(600), static_cast<char>(roll(256))));
    }
  }

  std::mt19937_64 engine_;
};

void check(const Target& target, std::string input) {
  input_at_work = std::move(input);
  target.check(input_at_work);
}

}  // namespace

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}

int run(int argc, char** argv, const std::vector<Target>& targets) {
  const std::string seconds = argc > 1 ? argv[1] : "1";
  const std::string_view wanted = argc > 2 ? argv[2] : "";
  const std::string seed = argc > 3 ? argv[3] : "1";
  for (const int signal : {SIGABRT, SIGSEGV}) ::signal(signal, &print_input);
  for (const Target& target : targets) {
    if (!wanted.empty() && wanted != target.name) continue;
    target_at_work = target.name;
    Dice dice(std::strtoull(seed.c_str(), nullptr, 10));
    std::vector<std::string> pool = target.seeds;
    pool.emplace_back();
    for (const std::string& text : pool) check(target, text);
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::duration<double>(std::strtod(seconds.c_str(), nullptr));
    size_t inputs = 0;
    for (; std::chrono::steady_clock::now() < end; ++inputs) {
      check(target, dice.mutate(pool));
      // Some are kept to be changed further.
      if (inputs % 64 == 0 && pool.size() < 512) pool.push_back(input_at_work);
    }
    std::printf("%s: %zu inputs\n", target.name, inputs);
  }
  return 0;
}

}  // namespace benchd::fuzz
