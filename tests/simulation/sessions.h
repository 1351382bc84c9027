#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

/// Made campaigns, of which the true ratio is known.
namespace benchd::simulation {

inline constexpr int kRepetitions = 4000;
inline constexpr double kThreshold = 0.03;

/// Three standard errors of a rate seen in so many repetitions.
inline double three_sigma(double rate, int repetitions = kRepetitions) {
  return 3 * std::sqrt(rate * (1 - rate) / repetitions);
}

class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  double normal() { return normal_(engine_); }
  double exponential() { return exponential_(engine_); }
  bool chance(double p) { return uniform_(engine_) < p; }
  template <class T>
  void shuffle(std::vector<T>& values) {
    std::shuffle(values.begin(), values.end(), engine_);
  }

 private:
  std::mt19937_64 engine_;
  std::normal_distribution<double> normal_;
  std::exponential_distribution<double> exponential_;
  std::uniform_real_distribution<double> uniform_;
};

/// What a run's logarithm has beside its variant's: `at` is its place in the session, 0 … 1.
using Noise = std::function<double(Dice&, double at)>;

inline Noise lognormal(double cv) {
  return [cv](Dice& dice, double) { return cv * dice.normal(); };
}
inline Noise drifting(double whole, double cv) {
  return [=](Dice& dice, double at) { return std::log1p(whole * at) + cv * dice.normal(); };
}
/// One run in twenty takes three times as long.
inline Noise outliers() {
  return [](Dice& dice, double) { return 0.02 * dice.normal() + (dice.chance(0.05) ? std::log(3) : 0); };
}
/// Three in ten are 9 % slower.
inline Noise two_modes() {
  return [](Dice& dice, double) { return 0.01 * dice.normal() + (dice.chance(0.3) ? std::log(1.09) : 0); };
}
/// A median of 1 with a long tail.
inline Noise tail(double spread) {
  return [spread](Dice& dice, double) { return std::log(1 + spread * (dice.exponential() - std::log(2))); };
}

/// Logarithms [variant][block] of a campaign in random blocks.
inline std::vector<std::vector<double>> campaign(Dice& dice, const std::vector<double>& ratios,
                                                 const std::vector<Noise>& noises, size_t blocks) {
  std::vector<std::vector<double>> logs(ratios.size(), std::vector<double>(blocks));
  std::vector<size_t> order(ratios.size());
  std::iota(order.begin(), order.end(), 0);
  double start = 0;
  for (size_t block = 0; block < blocks; ++block) {
    dice.shuffle(order);
    for (const size_t variant : order)
      logs[variant][block] =
          std::log(ratios[variant]) + noises[variant](dice, start++ / static_cast<double>(ratios.size() * blocks));
  }
  return logs;
}

inline std::vector<double> log_ratios(const std::vector<double>& variant, const std::vector<double>& baseline) {
  std::vector<double> result;
  for (size_t i = 0; i < variant.size(); ++i) result.push_back(variant[i] - baseline[i]);
  return result;
}

/// Log ratios of one variant against the baseline, both with the same noise.
inline std::vector<double> blocks_of_two(Dice& dice, double ratio, const Noise& noise, size_t blocks) {
  const auto logs = campaign(dice, {1, ratio}, {noise, noise}, blocks);
  return log_ratios(logs[1], logs[0]);
}

/// The share of repetitions of which `happens` is true, each with dice of its own.
template <class Happens>
double rate_of(uint64_t seed, Happens happens, int repetitions = kRepetitions) {
  int count = 0;
  Dice dice(seed);
  for (int i = 0; i < repetitions; ++i) count += happens(dice) ? 1 : 0;
  return static_cast<double>(count) / repetitions;
}

inline void say(const std::string& what, double rate) {
  std::printf("  %-62s %5.1f %%\n", what.c_str(), 100 * rate);
}

}  // namespace benchd::simulation
