// How often verdicts are wrong, and how often they are found.
#include <array>

#include <gtest/gtest.h>

#include "analysis/comparison/rule.h"
#include "analysis/inference/rank_sum.h"
#include "analysis/inference/signed_rank.h"
#include "sessions.h"

namespace benchd::simulation {
namespace {

using model::Verdict;

model::Verdict judged(const model::Estimate& log_ratio, double threshold = kThreshold) {
  if (!log_ratio.bounds) return Verdict::Inconclusive;
  return analysis::verdict_of({std::exp(log_ratio.bounds->low), std::exp(log_ratio.bounds->high)}, threshold, false);
}

Verdict blocked_verdict(const std::vector<double>& log_ratios, double alpha = 0.05, double threshold = kThreshold) {
  return judged(analysis::signed_rank(log_ratios, alpha), threshold);
}

/// False verdicts at the very border that they must not cross, which is where they are most frequent.
void expect_rarely_false(const std::string& name, const Noise& noise) {
  struct Border {
    const char* what;
    Verdict verdict;
    double ratio;
  };
  for (const auto& [what, verdict, ratio] :
       {Border{"false FASTER", Verdict::Faster, 1 / (1 + kThreshold)},
        Border{"false SLOWER", Verdict::Slower, 1 + kThreshold},
        Border{"false EQUIVALENT", Verdict::Equivalent, 1.0001 * (1 + kThreshold)},
        Border{"false EQUIVALENT", Verdict::Equivalent, 0.9999 / (1 + kThreshold)}}) {
    for (const size_t blocks : {20, 100}) {
      const double rate = rate_of(blocks, [&, verdict = verdict, ratio = ratio](Dice& dice) {
        return blocked_verdict(blocks_of_two(dice, ratio, noise, blocks)) == verdict;
      });
      say(name + ": " + what + ", " + std::to_string(blocks) + " blocks", rate);
      EXPECT_LE(rate, 0.025 + three_sigma(0.025)) << name << " " << what << " " << blocks;
    }
  }
}

TEST(FalseVerdicts, Lognormal2Percent) {
  expect_rarely_false("lognormal, CV 2 %", lognormal(0.02));
}
TEST(FalseVerdicts, Lognormal10Percent) {
  expect_rarely_false("lognormal, CV 10 %", lognormal(0.10));
}
TEST(FalseVerdicts, Drift20Percent) {
  expect_rarely_false("drift 20 %", drifting(0.2, 0.02));
}
TEST(FalseVerdicts, OutliersTimesThree) {
  expect_rarely_false("5 % outliers x 3", outliers());
}
TEST(FalseVerdicts, TwoModes) {
  expect_rarely_false("two modes", two_modes());
}

TEST(FalseVerdicts, SameVariantTwiceIsNeitherFasterNorSlower) {
  for (const double cv : {0.02, 0.10}) {
    const double rate = rate_of(1, [&](Dice& dice) {
      const Verdict verdict = blocked_verdict(blocks_of_two(dice, 1, lognormal(cv), 30));
      return verdict == Verdict::Faster || verdict == Verdict::Slower;
    });
    say("A/A, CV " + std::to_string(std::lround(100 * cv)) + " %: FASTER or SLOWER, 30 blocks", rate);
    EXPECT_LE(rate, 0.005);  // 1 is well inside the threshold: far less than 2.5 % on either side
  }
}

TEST(FalseVerdicts, OfFourComparisons) {
  constexpr int kComparisons = 4;
  std::array<int, kComparisons> false_of{};
  int any = 0;
  const std::vector<double> ratios = {1, 1 / 1.03, 1 / 1.03, 1 / 1.03, 1 / 1.03};
  Dice dice(44);
  for (int i = 0; i < kRepetitions; ++i) {
    const auto logs = campaign(dice, ratios, std::vector<Noise>(5, lognormal(0.05)), 40);
    bool one = false;
    for (size_t v = 1; v < ratios.size(); ++v) {
      const bool wrong = blocked_verdict(log_ratios(logs[v], logs[0]), 0.05 / kComparisons) == Verdict::Faster;
      false_of[v - 1] += wrong ? 1 : 0;
      one |= wrong;
    }
    any += one ? 1 : 0;
  }
  for (const int count : false_of) {
    const double rate = static_cast<double>(count) / kRepetitions;
    say("one of 4 comparisons: false FASTER, 40 blocks", rate);
    EXPECT_LE(rate, 0.025 / kComparisons + three_sigma(0.025 / kComparisons));
  }
  say("any of 4 comparisons: false FASTER", static_cast<double>(any) / kRepetitions);
  EXPECT_LE(static_cast<double>(any) / kRepetitions, 0.025 + three_sigma(0.025));
}

TEST(FalseVerdicts, OfFourLooks) {
  const auto false_at_any_look = [](bool counted) {
    return rate_of(4, [counted](Dice& dice) {
      const auto all = blocks_of_two(dice, 1 / (1 + kThreshold), lognormal(0.05), 100);
      for (uint64_t look = 1; look <= 4; ++look) {
        const std::vector<double> so_far(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(25 * look));
        const double alpha = counted ? analysis::alpha_of_look(0.05, look, look == 4) : 0.05;
        if (blocked_verdict(so_far, alpha) == Verdict::Faster) return true;
      }
      return false;
    });
  };
  const double counted = false_at_any_look(true), uncounted = false_at_any_look(false);
  say("four looks, counted: false FASTER", counted);
  say("four looks, each at 5 %: false FASTER", uncounted);
  EXPECT_LE(counted, 0.025 + three_sigma(0.025));
  EXPECT_GT(uncounted, 1.5 * 0.025);  // else this test shows nothing
}

TEST(Power, OfBlocksAndOfOneAfterTheOther) {
  std::printf("  %-20s %8s %22s %22s %22s\n", "", "blocks", "-10 %: FASTER", "-5 %: FASTER", "0 %: EQUIVALENT");
  struct Row {
    const char* name;
    Noise noise;
  };
  for (const auto& [name, noise] :
       {Row{"lognormal, CV 2 %", lognormal(0.02)}, Row{"lognormal, CV 5 %", lognormal(0.05)},
        Row{"lognormal, CV 10 %", lognormal(0.10)}, Row{"drift 10 %, CV 5 %", drifting(0.1, 0.05)},
        Row{"drift 20 %, CV 5 %", drifting(0.2, 0.05)}, Row{"5 % outliers x 3", outliers()},
        Row{"two modes", two_modes()}}) {
    for (const size_t blocks : {10, 30, 100}) {
      std::printf("  %-20s %8zu", name, blocks);
      for (const auto& [ratio, verdict] :
           {std::pair{0.90, Verdict::Faster}, std::pair{0.95, Verdict::Faster}, std::pair{1.0, Verdict::Equivalent}}) {
        int by_block = 0, apart = 0;
        Dice dice(blocks);
        constexpr int kOfPower = 500;
        for (int i = 0; i < kOfPower; ++i) {
          const auto logs = campaign(dice, {1, ratio}, {noise, noise}, blocks);
          const std::array strata{analysis::Samples{logs[0], logs[1]}};
          by_block += blocked_verdict(log_ratios(logs[1], logs[0])) == verdict ? 1 : 0;
          apart += judged(analysis::rank_sum(strata, 0.05)) == verdict ? 1 : 0;
        }
        std::printf("  %8.1f %% (%5.1f %%)", 100.0 * by_block / kOfPower, 100.0 * apart / kOfPower);
        // A drift of the session must not cost a blocked comparison what it costs an unpaired one.
        if (std::string_view(name) == "drift 20 %, CV 5 %" && blocks == 100 && ratio == 0.95) {
          EXPECT_GT(by_block, 1.5 * apart);
        }
      }
      std::printf("\n");
    }
  }
  std::printf("  (in brackets: the same runs, judged without their blocks)\n");
}

TEST(Power, OfTheRunsThatAreSaidToBeNeeded) {
  const double s = 0.05 * std::sqrt(2), margin = std::log1p(kThreshold);
  for (const double ratio : {0.92, 1.08, 1.0, 1.01}) {
    const auto needed = analysis::runs_needed(std::log(ratio), s, kThreshold, 0.05);
    ASSERT_TRUE(needed.settles);
    const bool differs = std::abs(std::log(ratio)) > margin;
    const Verdict verdict = !differs ? Verdict::Equivalent : ratio < 1 ? Verdict::Faster : Verdict::Slower;
    const double power = rate_of(9, [&](Dice& dice) {
      return blocked_verdict(blocks_of_two(dice, ratio, lognormal(0.05), needed.runs)) == verdict;
    });
    char name[80];
    std::snprintf(name, sizeof name, "ratio %.2f, the %zu blocks needed: verdict found", ratio,
                  static_cast<size_t>(needed.runs));
    say(name, power);
    // 80 % by the formulas, which take the deviation for known and the mean for the centre; intervals of ranks need
    // some runs more.
    EXPECT_GE(power, 0.80 - 0.06 - three_sigma(0.80));
  }
}

}  // namespace
}  // namespace benchd::simulation
